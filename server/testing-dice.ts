/** Numbers below so many sides that come out the same each time (Lehmer). */
export const createDice = (seed: number) => {
  let state = seed;
  return (sides: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % sides;
  };
};
