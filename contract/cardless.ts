import { z } from 'zod';

/** How somebody gets in who has no card of their own at hand: a code from helpdesk, a sealed one, a colleague’s word. */
export const way = z.enum(['substitute', 'emergency', 'witness']);
export type Way = z.infer<typeof way>;

/** Why a terminal is opened in an emergency; chosen by who opens it and read by who reviews it. */
export const emergencyReason = z.enum([
  'patient-urgent',
  'card-unavailable',
  'factor-locked',
  'reader-broken',
  'helpdesk-away',
  'drill',
]);
export type EmergencyReason = z.infer<typeof emergencyReason>;

/** What stands for a card that is lost or forgotten: a card of the hospital's stock, or a code on paper. */
export const substituteKind = z.enum(['loan-card', 'code']);
export type SubstituteKind = z.infer<typeof substituteKind>;
