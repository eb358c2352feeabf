/** What was promised, or an error when it takes longer: some answers never come from a program that has gone. */
export async function within<Value>(what: string, milliseconds: number, promised: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${milliseconds} ms in vain: ${what}`)), milliseconds);
  });
  try {
    return await Promise.race([promised, over]);
  } finally {
    clearTimeout(timer);
  }
}
