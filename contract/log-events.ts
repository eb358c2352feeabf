import type { EventRow } from './audit.ts';

/** Of the log itself, of what is made from it and of what keeps it. */
export const logEvents = {
  'log.viewed': { dicom: [110101], meaning: 'The log was looked at.' },
  'log.month-dropped': {
    dicom: [110101],
    meaning: 'A month of the log that is no longer to be kept was dropped as a whole, by the retention of the policy.',
  },
  'log.exported': { dicom: [110106], meaning: 'The log was exported with its checkpoints.' },
  'log.excerpt-exported': { dicom: [110106], meaning: 'Lines of the log were saved as a file, by a filter.' },
  'periodic-review.begun': {
    dicom: [110101],
    meaning: 'The figures and lists of a period were taken, to be looked at; the log has their digest.',
  },
  'periodic-review.signed': {
    dicom: [110101],
    meaning: 'The review of a period was signed with its findings and the day of the next one.',
  },
  'accounts.exported': { dicom: [110106], meaning: 'The inventory of accounts was taken out as a file.' },
  'log.halted': {
    dicom: [110113, 110126],
    meaning: 'Alarm: the stored log is not the one that was signed, or the key is another one; nothing more is signed.',
  },
  'log.rolled-back': {
    dicom: [110113, 110126],
    meaning: 'Alarm: the database holds less of the log than was signed before. It is an older one.',
  },
  'backup.made': {
    dicom: [110106],
    meaning: 'A sealed backup of the server was written and read back.',
  },
  'restore.practised': {
    dicom: [110106],
    meaning: 'A backup was restored beside the server as a drill; where that failed, the reason says why.',
  },
  'server.restored': {
    dicom: [110113, 110126],
    meaning: 'The server was restored from a backup and goes on as another incarnation.',
  },
  'log.witnessed': {
    dicom: [110100, 110120],
    meaning: 'A terminal began to hold the log to what it saw of it. Once more: what it had kept is lost.',
  },
  'log.unkept': {
    dicom: [110113],
    meaning: 'Alarm: what the server signed of its log could not be kept outside of the database.',
  },
} as const satisfies Record<string, EventRow>;
