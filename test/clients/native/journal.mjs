// What this system keeps: one line of JSON for each thing that it said and for
// each delivery, on disk before anything is done about it. The broker keeps
// nothing for good, so what is not here is asked of the hub again.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";

export class Journal {
  // The file is made with mode 0600. A last line that was cut off by a crash was
  // never acted on, and is passed over.
  constructor(file) {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    this.lines = text.split("\n").filter(Boolean).flatMap(whole);
    this.file = openSync(file, "a", 0o600);
    if (!text.endsWith("\n") && text !== "") writeSync(this.file, "\n");
  }

  keep(line) {
    writeSync(this.file, `${JSON.stringify(line)}\n`);
    fsyncSync(this.file);
    this.lines.push(line);
  }

  of(name) {
    return this.lines.filter((line) => name in line).map((line) => line[name]);
  }

  close() {
    closeSync(this.file);
  }
}

const whole = (line) => {
  try { return [JSON.parse(line)]; } catch { return []; }
};
