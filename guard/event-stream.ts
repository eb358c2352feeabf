/** Takes text as it comes and gives the data of each server-sent event (WHATWG HTML, 9.2.6). */
export interface EventStreamParser {
  push(text: string): string[];
}

/** Longest event that is taken (characters); a stream that sends a longer one is broken. */
export const longestEvent = 1 << 18;

export function createEventStreamParser(): EventStreamParser {
  let rest = '';
  let data: string[] = [];
  let size = 0;
  return {
    push(text) {
      const events: string[] = [];
      rest += text;
      // A `\r` at the end may be the first half of `\r\n`.
      for (let end = rest.search(/\r\n|\n|\r(?!$)/); end !== -1; end = rest.search(/\r\n|\n|\r(?!$)/)) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + (rest.startsWith('\r\n', end) ? 2 : 1));
        if (line === '') {
          if (data.length > 0) events.push(data.join('\n'));
          data = [];
          size = 0;
        } else if (line.startsWith('data:')) {
          const value = line.slice(line[5] === ' ' ? 6 : 5);
          data.push(value);
          size += value.length + 1;
        }
      }
      if (rest.length + size > longestEvent) throw new Error('event too long');
      return events;
    },
  };
}
