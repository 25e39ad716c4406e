// Package papers writes, from a country profile, the papers that data-protection
// law asks of those who share data under the memorandum: the record of processing
// (Regulation (EU) 2016/679, Art. 30), the impact assessment (Art. 35) and the
// joint controllers' annex (Art. 26).
//
// What they say of purposes, sections, recipients, periods and duties is read from
// the same table that judges every event, so paper and practice cannot part. What no
// table knows stands in square brackets, for the parties to fill in. They are drafts
// for the parties' data-protection officers, and no legal advice.
package papers
