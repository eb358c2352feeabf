import { BlockList, isIPv6 } from 'node:net';

/** Whether an address is in a network in CIDR notation (RFC 4632, RFC 4291 2.3). IPv4 in IPv6 form counts as IPv4. */
export const createNetworks = (address: string): ((network: string) => boolean) => {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  return (network) => {
    const [base = '', length = ''] = network.split('/');
    if (isIPv6(base) !== isIPv6(bare)) return false;
    const list = new BlockList();
    list.addSubnet(base, Number(length), isIPv6(base) ? 'ipv6' : 'ipv4');
    return list.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4');
  };
};
