import type { Api, RouteName } from '#contract/api/index.ts';
import type { Role } from '#contract/api/row.ts';

/** Rows that a console sends: all but those of terminals and their windows, of directories, the stream (an `EventSource`) and the health check. */
export type ConsoleRoute = {
  [Name in RouteName]: Api[Name]['sender'] extends 'terminal' | 'directory' ? never : Name;
}[Exclude<RouteName, 'console/stream' | 'console/enter' | 'server/health' | 'terminals/enrol'>];

const everyone = ['helpdesk', 'admin', 'auditor', 'operator'] as const;
const readers = ['helpdesk', 'admin', 'auditor'] as const;
const desk = ['helpdesk', 'admin'] as const;
const admins = ['admin'] as const;
const keepers = ['admin', 'auditor'] as const;
const auditors = ['auditor'] as const;
const keyReaders = ['admin', 'auditor', 'operator'] as const;

/**
 * Method, path and sender of each row, as literals: the contract's own table carries the schema library, which has no place in a page.
 * A row that is missing here or differs from the contract does not compile.
 */
export const routes = {
  'console/sign-in': { method: 'POST', path: '/v1/console/sign-in', sender: 'anyone' },
  'console/open-invitation': { method: 'POST', path: '/v1/console/invitation', sender: 'anyone' },
  'console/accept-invitation': { method: 'POST', path: '/v1/console/invitation/accept', sender: 'anyone' },
  'console/me': { method: 'GET', path: '/v1/console/me', sender: everyone },
  'console/sign-out': { method: 'POST', path: '/v1/console/sign-out', sender: everyone },
  'console/renew-secrets': { method: 'POST', path: '/v1/console/secrets', sender: everyone },
  'passkeys/begin-sign-in': { method: 'POST', path: '/v1/console/passkey/begin', sender: 'anyone' },
  'passkeys/sign-in': { method: 'POST', path: '/v1/console/passkey', sender: 'anyone' },
  'passkeys/list': { method: 'GET', path: '/v1/console/passkeys', sender: everyone },
  'passkeys/begin-proof': { method: 'POST', path: '/v1/console/proof/begin', sender: everyone },
  'passkeys/prove': { method: 'POST', path: '/v1/console/proof', sender: everyone },
  'passkeys/begin-enrolment': { method: 'POST', path: '/v1/console/passkeys/begin', sender: everyone },
  'passkeys/enrol': { method: 'POST', path: '/v1/console/passkeys', sender: everyone },
  'passkeys/remove': { method: 'POST', path: '/v1/console/passkeys/:passkey/remove', sender: everyone },
  'passkeys/revoke': { method: 'POST', path: '/v1/people/:person/passkeys/:passkey/revoke', sender: desk },
  'people/list': { method: 'GET', path: '/v1/people', sender: readers },
  'people/add': { method: 'POST', path: '/v1/people', sender: desk },
  'people/show': { method: 'GET', path: '/v1/people/:person', sender: readers },
  'people/change': { method: 'POST', path: '/v1/people/:person/change', sender: desk },
  'people/resume': { method: 'POST', path: '/v1/people/:person/resume', sender: admins },
  'people/preview-import': { method: 'POST', path: '/v1/people/import/preview', sender: admins },
  'people/apply-import': { method: 'POST', path: '/v1/people/import/apply', sender: admins },
  'people/suspend': { method: 'POST', path: '/v1/people/:person/suspend', sender: admins },
  'people/begin-totp': { method: 'POST', path: '/v1/people/:person/totp', sender: desk },
  'people/confirm-totp': { method: 'POST', path: '/v1/people/:person/totp/confirm', sender: desk },
  'people/unlock': { method: 'POST', path: '/v1/people/:person/unlock', sender: desk },
  'people/invite': { method: 'POST', path: '/v1/people/:person/invitation', sender: admins },
  'cards/list': { method: 'GET', path: '/v1/cards', sender: readers },
  'cards/revoke': { method: 'POST', path: '/v1/cards/:card/revoke', sender: desk },
  'substitutes/issue': { method: 'POST', path: '/v1/people/:person/substitutes', sender: desk },
  'substitutes/end': { method: 'POST', path: '/v1/substitutes/:substitute/end', sender: desk },
  'loan-cards/list': { method: 'GET', path: '/v1/loan-cards', sender: readers },
  'emergency-codes/list': { method: 'GET', path: '/v1/emergency-codes', sender: keepers },
  'emergency-codes/make': { method: 'POST', path: '/v1/emergency-codes', sender: admins },
  'emergency-codes/void': { method: 'POST', path: '/v1/emergency-codes/:batch/void', sender: admins },
  'reviews/list': { method: 'GET', path: '/v1/reviews', sender: keepers },
  'reviews/sign-off': { method: 'POST', path: '/v1/reviews/:review/sign-off', sender: keepers },
  'ceremonies/begin': { method: 'POST', path: '/v1/ceremonies', sender: desk },
  'ceremonies/show': { method: 'GET', path: '/v1/ceremonies/:ceremony', sender: desk },
  'ceremonies/cancel': { method: 'POST', path: '/v1/ceremonies/:ceremony/cancel', sender: desk },
  'terminals/list': { method: 'GET', path: '/v1/terminals', sender: everyone },
  'terminals/announce': { method: 'POST', path: '/v1/terminals', sender: admins },
  'terminals/disable': { method: 'POST', path: '/v1/terminals/:terminal/disable', sender: admins },
  'terminals/enable': { method: 'POST', path: '/v1/terminals/:terminal/enable', sender: admins },
  'terminals/revoke': { method: 'POST', path: '/v1/terminals/:terminal/revoke', sender: admins },
  'revocations/show': { method: 'GET', path: '/v1/revocations/:number', sender: readers },
  'terminals/change': { method: 'POST', path: '/v1/terminals/:terminal/change', sender: admins },
  'people/revoke-factor': { method: 'POST', path: '/v1/people/:person/factors/:kind/revoke', sender: desk },
  'sessions/revoke': { method: 'POST', path: '/v1/sessions/:session/revoke', sender: desk },
  'approvals/list': { method: 'GET', path: '/v1/approvals', sender: readers },
  'approvals/decide': { method: 'POST', path: '/v1/approvals/:approval/decide', sender: desk },
  'approvals/withdraw': { method: 'POST', path: '/v1/approvals/:approval/withdraw', sender: desk },
  'people/issue-first-secret': { method: 'POST', path: '/v1/people/:person/first-secret', sender: desk },
  'policies/active': { method: 'GET', path: '/v1/policy', sender: readers },
  'policies/list': { method: 'GET', path: '/v1/policies', sender: readers },
  'policies/show': { method: 'GET', path: '/v1/policies/:number', sender: readers },
  'policies/plan': { method: 'POST', path: '/v1/policies/plan', sender: ['admin', 'auditor'] },
  'policies/apply': { method: 'POST', path: '/v1/policies', sender: admins },
  'accounts/list': { method: 'GET', path: '/v1/accounts', sender: keepers },
  'accounts/export': { method: 'GET', path: '/v1/accounts/export', sender: keepers },
  'periodic-reviews/list': { method: 'GET', path: '/v1/periodic-reviews', sender: keepers },
  'periodic-reviews/show': { method: 'GET', path: '/v1/periodic-reviews/:review', sender: keepers },
  'periodic-reviews/begin': { method: 'POST', path: '/v1/periodic-reviews', sender: auditors },
  'periodic-reviews/sign': { method: 'POST', path: '/v1/periodic-reviews/:review/sign', sender: auditors },
  'checklist/show': { method: 'GET', path: '/v1/checklist', sender: keepers },
  'backups/list': { method: 'GET', path: '/v1/backups', sender: keyReaders },
  'keys/show': { method: 'GET', path: '/v1/keys', sender: keyReaders },
  'log/show': { method: 'GET', path: '/v1/log', sender: keyReaders },
  'log/prove-event': { method: 'GET', path: '/v1/log/events/:event/proof', sender: auditors },
  'log/prove-growth': { method: 'GET', path: '/v1/log/consistency', sender: auditors },
  'log/compare': { method: 'POST', path: '/v1/log/comparison', sender: auditors },
  'log/export': { method: 'GET', path: '/v1/log/export', sender: auditors },
  'refusals/explain': { method: 'GET', path: '/v1/refusals/:code', sender: readers },
  'overview/show': { method: 'GET', path: '/v1/overview', sender: keyReaders },
  'overview/terminals': { method: 'GET', path: '/v1/overview/terminals', sender: keyReaders },
  'reports/show': { method: 'GET', path: '/v1/report', sender: keepers },
  'events/list': { method: 'GET', path: '/v1/events', sender: readers },
  'events/export': { method: 'GET', path: '/v1/events/export', sender: keepers },
  'saved-filters/list': { method: 'GET', path: '/v1/saved-filters', sender: everyone },
  'saved-filters/save': { method: 'POST', path: '/v1/saved-filters', sender: everyone },
  'saved-filters/rename': { method: 'POST', path: '/v1/saved-filters/:filter/rename', sender: everyone },
  'saved-filters/remove': { method: 'POST', path: '/v1/saved-filters/:filter/remove', sender: everyone },
  'directory-clients/list': { method: 'GET', path: '/v1/directory-clients', sender: keepers },
  'directory-clients/add': { method: 'POST', path: '/v1/directory-clients', sender: admins },
  'directory-clients/revoke': { method: 'POST', path: '/v1/directory-clients/:client/revoke', sender: admins },
  'directory-groups/list': { method: 'GET', path: '/v1/directory-groups', sender: keepers },
  'directory-groups/set-role': { method: 'POST', path: '/v1/directory-groups/:group/role', sender: admins },
  'card-authorities/list': { method: 'GET', path: '/v1/card-authorities', sender: keepers },
  'card-authorities/add': { method: 'POST', path: '/v1/card-authorities', sender: admins },
  'card-authorities/remove': { method: 'POST', path: '/v1/card-authorities/:authority/remove', sender: admins },
  'revocations/list': { method: 'GET', path: '/v1/revocations', sender: readers },
} as const satisfies { readonly [Name in ConsoleRoute]: Pick<Api[Name], 'method' | 'path' | 'sender'> };

/** Whether a page offers it. The server decides anyway. */
export const may = (roles: readonly Role[], name: ConsoleRoute): boolean => {
  const sender: 'anyone' | readonly Role[] = routes[name].sender;
  return sender === 'anyone' || sender.some((role) => roles.includes(role));
};
