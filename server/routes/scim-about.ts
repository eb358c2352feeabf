import { scimMostResults, scimUrns } from '#contract/api/scim.ts';
import { fail, succeed } from '#contract/errors.ts';
import { describeAttribute, type Schema, schemas } from '#core/scim/schema.ts';
import type { ServerDeps } from '../deps.ts';
import { toList } from '../directory/asking.ts';
import type { Handlers } from './handlers.ts';

/** What a directory asks first: what is supported, which resources there are, and which attributes they have (RFC 7643 5 to 7). */
export const createScimAboutRoutes = ({ origin }: Pick<ServerDeps, 'origin'>) => {
  const base = `${origin}/scim/v2`;
  const not = { supported: false };
  const config = {
    schemas: [scimUrns.config],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: scimMostResults },
    changePassword: not,
    sort: { supported: true },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A token that an admin makes in the console.',
        specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  };
  const typeOf = (name: 'User' | 'Group', schema: string, extensions: readonly string[]) => ({
    schemas: [scimUrns.resourceType],
    id: name,
    name,
    endpoint: `/${name}s`,
    description: name === 'User' ? 'People of the staff' : 'Groups of people',
    schema,
    ...(extensions.length === 0
      ? {}
      : { schemaExtensions: extensions.map((extension) => ({ schema: extension, required: false })) }),
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  });
  const types = [typeOf('User', scimUrns.user, [scimUrns.staff]), typeOf('Group', scimUrns.group, [])];
  const describe = ({ id, name, description, attributes }: Schema) => ({
    schemas: [scimUrns.schema],
    id,
    name,
    description,
    attributes: attributes.map(describeAttribute),
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
  });
  const described = schemas.map(describe);
  /** A filter would seem to have been applied (RFC 7644 4). */
  const unlessFiltered = <Value>({ filter }: { readonly filter?: string | undefined }, value: Value) =>
    filter === undefined ? succeed(value) : fail('SCIM_FILTER_REFUSED');
  return {
    'scim/config': async ({ query }) => unlessFiltered(query, config),
    'scim/resource-types': async ({ query }) => unlessFiltered(query, toList(types, types.length, 1)),
    'scim/resource-type': async ({ params, query }) => {
      const found = types.find(({ id }) => id.toLowerCase() === params.name.toLowerCase());
      return found ? unlessFiltered(query, found) : fail('SCIM_RESOURCE_UNKNOWN');
    },
    'scim/schemas': async ({ query }) => unlessFiltered(query, toList(described, described.length, 1)),
    'scim/schema': async ({ params, query }) => {
      const found = described.find(({ id }) => id.toLowerCase() === params.name.toLowerCase());
      return found ? unlessFiltered(query, found) : fail('SCIM_RESOURCE_UNKNOWN');
    },
    'scim/show-me': async () => fail('SCIM_ME_UNSUPPORTED'),
  } satisfies Partial<Handlers>;
};
