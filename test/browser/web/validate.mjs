// Judges HTML documents by the standard: one JSON string a line in, one JSON list of problems a line out.
import readline from "node:readline";
import { HtmlValidate } from "html-validate";

const judge = new HtmlValidate({
  extends: ["html-validate:standard", "html-validate:a11y"],
  rules: {
    "no-inline-style": "error",
    "no-dup-id": "error",
    // Roles and lists that CSS strips of their meaning are said again on purpose.
    "no-redundant-role": "off",
    "prefer-native-element": "off",
    // Names that htmx and its extensions read.
    "attr-case": "off",
  },
});

for await (const line of readline.createInterface({ input: process.stdin })) {
  const report = await judge.validateString(JSON.parse(line));
  const problems = report.results.flatMap((r) => r.messages.filter((m) => m.severity === 2).map((m) => `${m.ruleId} at line ${m.line}: ${m.message}`));
  process.stdout.write(JSON.stringify(problems) + "\n");
}
