package ledger

import (
	"context"
	"crypto/sha256"

	"github.com/jackc/pgx/v5"
	sumdb "golang.org/x/mod/sumdb/tlog"

	"handrail/contracts/tlog"
)

// lastEntries is how many entries are opened before the ledger leads.
const lastEntries = 256

// storedEntry is one entry with all that hangs on its leaf; what was destroyed is nil.
type storedEntry struct {
	number            uint64
	leaf, mac         []byte
	salt, opening     []byte
	data              []byte
	erased, destroyed bool // whether an entry says so
}

// checkOpenings checks of genesis and of the last entries that leaf, opening and
// data belong together, and that what is missing was destroyed by the rules.
func (l *lead) checkOpenings(ctx context.Context, head tlog.Checkpoint) error {
	found, err := l.conn.Query(ctx, `SELECT e.number, e.leaf_hash, e.mac, o.salt, o.entry, p.data,
			EXISTS (SELECT FROM erasure x WHERE x.number = e.number), EXISTS (SELECT FROM destroyed d WHERE d.number = e.number)
		FROM entry e LEFT JOIN opening o USING (number) LEFT JOIN payload p USING (number)
		WHERE e.number = 0 OR e.number >= $1`, head.Size-min(head.Size, lastEntries))
	if err != nil {
		return err
	}
	var e storedEntry
	_, err = pgx.ForEachRow(found, []any{&e.number, &e.leaf, &e.mac, &e.salt, &e.opening, &e.data, &e.erased, &e.destroyed}, func() error {
		now := e
		e = storedEntry{} // what is null must not show the row before
		return now.check()
	})
	return err
}

// checkCapacity checks that what agencies published last of themselves can be read: a
// ledger that only found out when it leads would begin to lead again and again.
func (l *lead) checkCapacity(ctx context.Context, _ tlog.Checkpoint) error {
	q := &pgx.Batch{}
	new(memory).loadCapacity(q)
	return l.conn.SendBatch(ctx, q).Close()
}

// check says what of the entry is not what the tree holds.
func (e storedEntry) check() error {
	leaf, err := tlog.LeafOfMAC(e.mac)
	switch {
	case err != nil || string(e.leaf) != hashBytes(sumdb.RecordHash(leaf)):
		return damaged("entry %d is not the leaf that the tree holds", e.number)
	case e.opening == nil && e.destroyed:
		return nil
	case e.opening == nil:
		return damaged("the opening of entry %d is missing, and no entry says that it was destroyed", e.number)
	}
	salt, err := hash(e.salt)
	if err != nil {
		return damaged("the opening of entry %d has no salt", e.number)
	}
	mac := tlog.Opening{Salt: salt, Entry: e.opening}.MAC()
	if string(e.mac) != string(mac[:]) {
		return damaged("the opening of entry %d does not open its leaf", e.number)
	}
	entry, err := tlog.ParseEntry(e.opening)
	switch {
	case err != nil || entry.Number != e.number:
		return damaged("entry %d calls itself another", e.number)
	case entry.Verdict != tlog.Admitted, e.data == nil && (e.erased || e.destroyed):
		return nil
	case e.data == nil:
		return damaged("the data of entry %d are missing, and no entry says that they were erased", e.number)
	case sha256.Sum256(e.data) != entry.DataDigest:
		return damaged("the data of entry %d are not those that were signed", e.number)
	}
	return nil
}

func hashBytes(h tlog.Hash) string { return string(h[:]) }
