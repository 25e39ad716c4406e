package ledger

// logColumns is the log itself.
func logColumns() []column {
	return []column{
		{name: "log_identity.singleton", to: "singleton", harmless: "there is one value: a constraint"},
		{name: "log_identity.origin", by: []notice{atStart}},
		{name: "log_identity.vkey", by: []notice{atStart}},
		{name: "log_identity.genesis", by: []notice{atStart}},
		{name: "log_identity.system_identifier", by: []notice{atStart}},
		{name: "log_identity.timeline", by: []notice{atStart}},
		{name: "entry.number", row: "number = 100", to: "number + 100000", by: []notice{atStart, byTrail, byLog, byCompleteness}},
		{name: "entry.leaf_hash", row: "number = 3", by: []notice{atStart, byTrail, byCompleteness}},
		{name: "entry.mac", row: "number = 3", by: []notice{byLog}},
		{name: "opening.number", row: "number = 3", to: "number + 100000", by: []notice{byTrail, byLog}},
		{name: "opening.salt", row: "number = 3", by: []notice{byTrail, byLog}},
		{name: "opening.entry", row: "number = 3", by: []notice{byTrail, byLog}},
		{name: "payload.number", row: "number = 3", to: "number + 100000", by: []notice{byTrail, byLog}},
		{name: "payload.data", row: "number = 3", by: []notice{byTrail, byLog}},
		{name: "node.level", by: []notice{atStart, byTrail, byCompleteness}},
		{name: "node.index", by: []notice{atStart, byTrail, byCompleteness}},
		{name: "node.hash", by: []notice{atStart}},
		{name: "checkpoint.size", row: "size > 1 AND NOT EXISTS (SELECT FROM checkpoint c WHERE c.size = checkpoint.size + 1)", by: []notice{byCourier}},
		{name: "checkpoint.note", row: "size > 1", by: []notice{byCourier}},
		{name: "checkpoint.admitted", row: "size > 1", harmless: "it says from which hour on the public sees a size; the admission times themselves are in the entries"},
		{name: "cosignature.size", row: "NOT EXISTS (SELECT FROM cosignature c WHERE c.size = cosignature.size + 1 AND c.agency = cosignature.agency)", harmless: "a line counts only where it verifies: one agency fewer stands for that checkpoint, which is shown as such"},
		{name: "cosignature.agency", harmless: "a line counts only where it verifies: one agency fewer stands for that checkpoint, which is shown as such"},
		{name: "cosignature.line", harmless: "a line counts only where it verifies: one agency fewer stands for that checkpoint, which is shown as such"},
		{name: "cosignature.at", harmless: "the line has its own time, which its agency signed"},
	}
}

// memoryColumns is what the ledger remembers of what it was sent and answered.
func memoryColumns() []column {
	const flood = "leaf > 0"
	return []column{
		{name: "signer.key", harmless: "what the agency says next is not what is expected, so it is answered resend-from or not at all: its outbox stands still and alarms"},
		{name: "signer.agency", harmless: "what the agency says next is not what is expected, so it is answered resend-from or not at all: its outbox stands still and alarms"},
		{name: "signer.next", harmless: "what the agency says next is not what is expected, so it is answered resend-from or not at all: its outbox stands still and alarms"},
		{name: "submission.agency", by: []notice{byCompleteness}},
		{name: "submission.id", by: []notice{byCompleteness}},
		{name: "submission.number", by: []notice{byCompleteness}},
		{name: "submission.digest", harmless: "it decides only whether the same id, sent again, gets its first answer or is refused id-reused; its agency has the first answer"},
		{name: "answer.agency", harmless: "it gives the same submission the same answer; changed, the id and the sequence refuse it, and its agency has the first answer"},
		{name: "answer.digest", harmless: "it gives the same submission the same answer; changed, the id and the sequence refuse it, and its agency has the first answer"},
		{name: "answer.number", harmless: "it gives the same submission the same answer; changed, the id and the sequence refuse it, and its agency has the first answer"},
		{name: "answer.leaf", harmless: "it gives the same submission the same answer; changed, the id and the sequence refuse it, and its agency has the first answer"},
		{name: "refusal.number", row: "leaf = 0", to: "number + 100000", by: []notice{byCourier}},
		{name: "refusal.leaf", row: flood, to: "leaf + 1000", by: []notice{byCourier}},
		{name: "refusal.id", by: []notice{byCourier}},
		{name: "refusal.sequence", by: []notice{byCourier}},
		{name: "refusal.reason", by: []notice{byCourier}},
		{name: "refusal.digest_salt", by: []notice{byCourier}},
		{name: "refusal.rule", row: flood, by: []notice{byCourier}},
		{name: "refusal.pointer", row: flood + " AND pointer <> ''", by: []notice{byCourier}},
		{name: "refusal.digest", row: flood, by: []notice{byCourier}},
		{name: "refusal.path", row: flood, by: []notice{byCourier}},
		{name: "position.agency", harmless: "each agency says its position again every half minute"},
		{name: "position.number", to: "number - 1", harmless: "each agency says its position again every half minute"},
		{name: "position.at", by: []notice{byCourier}},
		{name: "witness_reset.agency", harmless: "it says from which size a witness is offered; the witness answers old-size, and is offered from its own"},
		{name: "witness_reset.number", harmless: "it says from which size a witness is offered; the witness answers old-size, and is offered from its own"},
		{name: "witness_reset.size", harmless: "it says from which size a witness is offered; the witness answers old-size, and is offered from its own"},
		{name: "contradiction.size", harmless: "it keeps a ledger from leading until the operator accepts the history; the checkpoint in it is signed, and one that this log explains stops nobody"},
		{name: "contradiction.root", harmless: "it keeps a ledger from leading until the operator accepts the history; the checkpoint in it is signed, and one that this log explains stops nobody"},
		{name: "contradiction.note", harmless: "it keeps a ledger from leading until the operator accepts the history; the checkpoint in it is signed, and one that this log explains stops nobody"},
		{name: "contradiction.agency", harmless: "it keeps a ledger from leading until the operator accepts the history; the checkpoint in it is signed, and one that this log explains stops nobody"},
		{name: "contradiction.at", harmless: "it keeps a ledger from leading until the operator accepts the history; the checkpoint in it is signed, and one that this log explains stops nobody"},
		{name: "contradiction.accepted", to: "NULL", harmless: "it keeps a ledger from leading until the operator accepts the history; the checkpoint in it is signed, and one that this log explains stops nobody"},
	}
}

// caseColumns is what is derived of cases, to judge the next statement.
func caseColumns() []column {
	return []column{
		{name: "case_state.case_id", by: []notice{byTrail, byLog}},
		{name: "case_state.opened", harmless: "it orders and dates the list of cases; the entries have the times"},
		{name: "case_state.state", by: []notice{byTrail, byLog}},
		{name: "case_state.said", harmless: "it says when retention ends; the retention.ended is an entry, told to whoever had a part in the case"},
		{name: "case_entry.case_id", by: []notice{byTrail, byLog}},
		{name: "case_entry.number", to: "number + 100000", by: []notice{byTrail, byLog}},
		{name: "chain_head.case_id", harmless: "the next statement of that chain is linked wrongly, which an auditor's verification of the trail names"},
		{name: "chain_head.chain", harmless: "the next statement of that chain is linked wrongly, which an auditor's verification of the trail names"},
		{name: "chain_head.number", harmless: "the next statement of that chain is linked wrongly, which an auditor's verification of the trail names"},
		{name: "chain_head.leaf", harmless: "the next statement of that chain is linked wrongly, which an auditor's verification of the trail names"},
		{name: "deadline.case_id", harmless: "the hub looks at a clock at another time or not at all; each agency has the same clocks in its own casebook, which shows what is overdue"},
		{name: "deadline.entry", harmless: "the hub looks at a clock at another time or not at all; each agency has the same clocks in its own casebook, which shows what is overdue"},
		{name: "deadline.rule", harmless: "the hub looks at a clock at another time or not at all; each agency has the same clocks in its own casebook, which shows what is overdue"},
		{name: "deadline.agency", harmless: "the hub looks at a clock at another time or not at all; each agency has the same clocks in its own casebook, which shows what is overdue"},
		{name: "deadline.referral", harmless: "the hub looks at a clock at another time or not at all; each agency has the same clocks in its own casebook, which shows what is overdue"},
		{name: "deadline.due", harmless: "the hub looks at a clock at another time or not at all; each agency has the same clocks in its own casebook, which shows what is overdue"},
		{name: "deadline.look", row: "look IS NOT NULL", harmless: "the hub looks at a clock at another time or not at all; each agency has the same clocks in its own casebook, which shows what is overdue"},
		{name: "deadline.state", harmless: "the hub looks at a clock at another time or not at all; each agency has the same clocks in its own casebook, which shows what is overdue"},
		{name: "deadline_event.case_id", harmless: "it lets the hub say each thing once; said again, it is refused not-due by the memorandum"},
		{name: "deadline_event.entry", harmless: "it lets the hub say each thing once; said again, it is refused not-due by the memorandum"},
		{name: "deadline_event.rule", harmless: "it lets the hub say each thing once; said again, it is refused not-due by the memorandum"},
		{name: "deadline_event.agency", harmless: "it lets the hub say each thing once; said again, it is refused not-due by the memorandum"},
		{name: "deadline_event.referral", harmless: "it lets the hub say each thing once; said again, it is refused not-due by the memorandum"},
		{name: "deadline_event.type", harmless: "it lets the hub say each thing once; said again, it is refused not-due by the memorandum"},
		{name: "deadline_event.said", harmless: "it lets the hub say each thing once; said again, it is refused not-due by the memorandum"},
		{name: "erasure.number", by: []notice{byLog}},
		{name: "erasure.by", by: []notice{byTrail, byLog}},
		{name: "erasure.record", harmless: "the entry that erased it names the record; the row only finds it again"},
		{name: "erasure.reason", harmless: "the record.erased says why"},
	}
}

// otherColumns is what is derived of deliveries, of readings and of what belongs to no case.
func otherColumns() []column {
	return []column{
		{name: "delivery.recipient", by: []notice{byCompleteness}},
		{name: "delivery.number", to: "number + 100000", by: []notice{byCompleteness}},
		{name: "delivery.kind", row: "kind = 'event'", to: "'receipt'", by: []notice{byCompleteness}},
		{name: "delivery.entry", row: "kind = 'event'", by: []notice{byCompleteness}},
		{name: "delivery.leaf", row: "leaf > 0", by: []notice{byCourier}},
		{name: "capacity.agency", harmless: "it finds the capacity that counted at an entry; judged again, the escalation it decided does not verify"},
		{name: "capacity.number", by: []notice{byTrail, byLog, byCompleteness}},
		{name: "introduction.mission", by: []notice{byTrail, byCompleteness}},
		{name: "introduction.agency", by: []notice{byTrail, byCompleteness}},
		{name: "introduction.number", by: []notice{atStart, byTrail}},
		{name: "reading.number", to: "number + 100000", harmless: "the trail.read is an entry, which the whole log shows; the row only lets the auditor go on for its 12 hours"},
		{name: "reading.auditor", harmless: "the trail.read is an entry, which the whole log shows; the row only lets the auditor go on for its 12 hours"},
		{name: "reading.what", harmless: "the trail.read is an entry, which the whole log shows; the row only lets the auditor go on for its 12 hours"},
		{name: "reading.case_id", row: "case_id IS NOT NULL", harmless: "the trail.read is an entry, which the whole log shows; the row only lets the auditor go on for its 12 hours"},
		{name: "reading.agency", row: "agency IS NOT NULL", harmless: "the trail.read is an entry, which the whole log shows; the row only lets the auditor go on for its 12 hours"},
		{name: "reading.at", harmless: "the trail.read is an entry, which the whole log shows; the row only lets the auditor go on for its 12 hours"},
		{name: "retired.case_id", by: []notice{byTrail}},
		{name: "retired.number", by: []notice{byTrail}},
		{name: "retired.destroyed", harmless: "the retention.ended is an entry; a case that the row does not name takes statements again, which an auditor's verification names"},
		{name: "destroyed.number", to: "number + 100000", by: []notice{byTrail, byLog}},
		{name: "destroyed.by", by: []notice{byTrail, byLog}},
	}
}
