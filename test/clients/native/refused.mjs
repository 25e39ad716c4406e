// A refusal: the rule of the wire contract, the place, and advice.
export class Refused extends Error {
  constructor(rule, pointer = "", advice = "") {
    super(`${rule}${pointer ? ` at ${pointer}` : ""}${advice ? `: ${advice}` : ""}`);
    this.rule = rule;
    this.pointer = pointer;
  }
}

// What the hub records or sends is not refused by a rule; it is not believed, and
// the check says where that showed.
export class Unbelievable extends Error {
  constructor(check, why) {
    super(`${check}: ${why}`);
    this.check = check;
  }
}

export const believe = (holds, check, why) => {
  if (!holds) throw new Unbelievable(check, why);
};
