import type { Cue } from '#contract/screen.ts';

interface Note {
  /** Hertz. */
  readonly pitch: number;
  /** Seconds from the start of the cue, and how long it sounds. */
  readonly at: number;
  readonly long: number;
  readonly shape: OscillatorType;
}

const soft = (pitch: number, at: number, long: number): Note => ({ pitch, at, long, shape: 'sine' });
const rough = (pitch: number, at: number, long: number): Note => ({ pitch, at, long, shape: 'triangle' });

/** Told apart without looking: up is good, down is locked, low and rough is no, three equal beeps ask to look. */
const cues: Readonly<Record<Cue, readonly Note[]>> = {
  read: [soft(1047, 0, 0.09)],
  accepted: [soft(784, 0, 0.1), soft(1175, 0.1, 0.18)],
  refused: [rough(233, 0, 0.16), rough(185, 0.2, 0.26)],
  locked: [soft(784, 0, 0.1), soft(523, 0.1, 0.18)],
  warning: [soft(880, 0, 0.09), soft(880, 0.18, 0.09), soft(880, 0.36, 0.09)],
  done: [soft(659, 0, 0.09), soft(784, 0.09, 0.09), soft(1047, 0.18, 0.22)],
};

const loudness = 0.22;

/** Plays a cue; the sound device is let go afterwards. Without a device there is silence and no error. */
export const playCue = (cue: Cue): void => {
  const audio = new AudioContext();
  let end = 0;
  for (const note of cues[cue]) {
    const from = audio.currentTime + note.at;
    const oscillator = audio.createOscillator();
    const gain = audio.createGain();
    oscillator.type = note.shape;
    oscillator.frequency.value = note.pitch;
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(loudness, from + 0.008);
    gain.gain.exponentialRampToValueAtTime(0.0001, from + note.long);
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(from);
    oscillator.stop(from + note.long);
    end = Math.max(end, note.at + note.long);
    if (note === cues[cue].at(-1)) oscillator.addEventListener('ended', () => void audio.close());
  }
};
