import { z } from 'zod';

/** Identifiers that this product makes are UUIDs; a brand keeps one kind from being passed as another. */
const id = <Brand extends string>(brand: Brand) =>
  z
    .uuid()
    .brand<Brand>()
    .meta({ description: `identifier of a ${brand.replace(/Id$/, '').toLowerCase()}` });

export const personId = id('PersonId');
export const cardId = id('CardId');
export const credentialId = id('CredentialId');
export const terminalId = id('TerminalId');
export const attemptId = id('AttemptId');
export const sessionId = id('SessionId');
export const ceremonyId = id('CeremonyId');
export const approvalId = id('ApprovalId');
export const eventId = id('EventId');
export const directoryClientId = id('DirectoryClientId');
export const directoryGroupId = id('DirectoryGroupId');
/** One lock of one terminal's screen. Fresh at every lock; a grant names it, so an old grant opens nothing. */
export const lockId = id('LockId');
export const passkeyId = id('PasskeyId');
export const cardAuthorityId = id('CardAuthorityId');
export const substituteId = id('SubstituteId');
export const emergencyBatchId = id('EmergencyBatchId');
export const reviewId = id('ReviewId');
export const periodicReviewId = id('PeriodicReviewId');
export const savedFilterId = id('SavedFilterId');

export type PersonId = z.infer<typeof personId>;
export type CardId = z.infer<typeof cardId>;
export type CredentialId = z.infer<typeof credentialId>;
export type TerminalId = z.infer<typeof terminalId>;
export type AttemptId = z.infer<typeof attemptId>;
export type SessionId = z.infer<typeof sessionId>;
export type CeremonyId = z.infer<typeof ceremonyId>;
export type ApprovalId = z.infer<typeof approvalId>;
export type EventId = z.infer<typeof eventId>;
export type DirectoryClientId = z.infer<typeof directoryClientId>;
export type DirectoryGroupId = z.infer<typeof directoryGroupId>;
export type LockId = z.infer<typeof lockId>;
export type PasskeyId = z.infer<typeof passkeyId>;
export type CardAuthorityId = z.infer<typeof cardAuthorityId>;
export type SubstituteId = z.infer<typeof substituteId>;
export type EmergencyBatchId = z.infer<typeof emergencyBatchId>;
export type ReviewId = z.infer<typeof reviewId>;
export type PeriodicReviewId = z.infer<typeof periodicReviewId>;
export type SavedFilterId = z.infer<typeof savedFilterId>;

/** RFC 3339 date and time with an explicit offset (ASVS 16.2.2). */
export const instant = z.iso.datetime({ offset: true }).meta({ description: 'RFC 3339, with offset' });
