/**
 * Shell Launcher (Windows Enterprise, Education, IoT): the account of the ward has this product as its shell, which is started
 * again when it ends. Scripts for PowerShell as SYSTEM; each change has its undo. Source: learn.microsoft.com, WESL_UserSetting.
 */
export interface ShellChange {
  /** Fails where Shell Launcher is not part of this Windows. */
  readonly apply: string;
  readonly undo: string;
  /** Prints `True` where the account has this shell. */
  readonly check: string;
}

const restartShell = 0;
const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** `account`: the security identifier of the ward's account, S-1-5-…; `command`: the program and its words. */
export function shellChange(account: string, command: string): ShellChange {
  if (!/^S-1(-\d{1,10}){2,15}$/.test(account)) throw new Error('The account is named by its security identifier');
  if (command === '' || /\p{Cc}/u.test(command)) throw new Error('The shell is one line');
  const use = [
    `$ErrorActionPreference = 'Stop'`,
    `$shell = [wmiclass]'\\\\localhost\\root\\standardcimv2\\embedded:WESL_UserSetting'`,
  ];
  const script = (...lines: readonly string[]): string => [...use, ...lines].join('\n');
  return {
    apply: script(
      // Whoever else logs in, an administrator above all, keeps the shell of Windows.
      `$shell.SetDefaultShell('explorer.exe', ${restartShell})`,
      `$shell.SetCustomShell(${quote(account)}, ${quote(command)}, $null, $null, ${restartShell})`,
      '$shell.SetEnabled($true)',
    ),
    undo: script(`$shell.RemoveCustomShell(${quote(account)})`, '$shell.SetEnabled($false)'),
    check: script(
      `$shell.IsEnabled().Enabled -and $shell.GetCustomShell(${quote(account)}).Shell -eq ${quote(command)}`,
    ),
  };
}
