package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/tlog"
	"handrail/events"
)

// ErrDamaged means that the database does not hold what the log signed.
var ErrDamaged = errors.New("the database is damaged")

const whatToDo = "Nothing is signed or delivered. Stop every ledger of this hub and keep this database as it is; restore the newest whole backup beside it, " +
	"compare its last checkpoint with what agencies and witnesses hold, and only if none of them has a newer or another one let the ledger lead there: " +
	"as its owner, SELECT accept_history()"

// damaged says what of the database is not what was signed, and what to do.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s. %s", ErrDamaged, fmt.Sprintf(format, args...), whatToDo)
}

// check looks at the database before this lead signs anything: whether it is where
// it was, whole as far as a look of a second tells, and the one that witnesses
// cosigned. What it cannot see, like an old entry's data, whoever verifies the whole
// log sees.
func (l *lead) check(ctx context.Context) error {
	if err := l.sameIdentity(ctx); err != nil {
		return err
	}
	head, err := l.checkHead(ctx)
	if err != nil {
		return checking(err)
	}
	for _, part := range []func(context.Context, tlog.Checkpoint) error{
		l.checkNodeRows, l.checkTree, l.checkRightEdge, l.checkOpenings, l.checkCapacity, l.checkCosigned, l.checkContradictions,
	} {
		if err := part(ctx, head); err != nil {
			return checking(err)
		}
	}
	return nil
}

func checking(err error) error { return fmt.Errorf("checking the database before leading: %w", err) }

// checkHead checks that the newest checkpoint is ours and that entries are
// contiguous up to it.
func (l *lead) checkHead(ctx context.Context) (tlog.Checkpoint, error) {
	var size, entries, end uint64
	var signed []byte
	err := l.conn.QueryRow(ctx, "SELECT size, note, (SELECT count(*) FROM entry), (SELECT coalesce(max(number) + 1, 0) FROM entry) FROM checkpoint ORDER BY size DESC LIMIT 1").
		Scan(&size, &signed, &entries, &end)
	if errors.Is(err, pgx.ErrNoRows) {
		return tlog.Checkpoint{}, damaged("the log is founded and has no checkpoint")
	}
	if err != nil {
		return tlog.Checkpoint{}, err
	}
	head, err := tlog.ParseCheckpoint(signed, l.logVerifier)
	switch {
	case err != nil || head.Size != size:
		return head, damaged("the newest checkpoint, at %d entries, is none that the log's key signed", size)
	case end != size:
		return head, damaged("the newest checkpoint signs %d entries, the last one stored is number %d", size, int64(end)-1)
	case entries != end:
		return head, damaged("of %d entries %d are missing", end, end-entries)
	}
	return head, nil
}

// checkNodeRows checks that each level has as many nodes as it must, without a gap.
func (l *lead) checkNodeRows(ctx context.Context, head tlog.Checkpoint) error {
	found, err := l.conn.Query(ctx, "SELECT level, count(*), max(index) + 1 FROM node GROUP BY level")
	if err != nil {
		return err
	}
	stored := map[int]uint64{}
	var level int
	var count, end uint64
	if _, err := pgx.ForEachRow(found, []any{&level, &count, &end}, func() error {
		if stored[level] = count; count != end {
			return damaged("of the tree's nodes of level %d some are missing", level)
		}
		return nil
	}); err != nil {
		return err
	}
	for level := 1; head.Size>>(8*level) > 0 || stored[level] > 0; level++ {
		if has, must := stored[level], head.Size>>(8*level); has != must {
			return damaged("the tree has %d nodes of level %d, and must have %d", has, level, must)
		}
	}
	return nil
}

func (l *lead) checkTree(ctx context.Context, head tlog.Checkpoint) error {
	tree, err := tlog.RestoreTree(head.Size, readHashes(ctx, l.conn))
	if err != nil {
		return err
	}
	if tree.Root() != head.Root {
		return damaged("the stored hashes do not give the root that the newest checkpoint signs")
	}
	return nil
}

// checkRightEdge computes the newest nodes of each level from their children.
func (l *lead) checkRightEdge(ctx context.Context, head tlog.Checkpoint) error {
	read := readHashes(ctx, l.conn)
	for level := 1; head.Size>>(8*level) > 0; level++ {
		to := int64(head.Size >> (8 * level)) //nolint:gosec // no log comes near 2^63
		from := (to - 1) / tlog.TileWidth * tlog.TileWidth
		nodes, err := read(level, from, to)
		if err != nil {
			return err
		}
		children, err := read(level-1, from*tlog.TileWidth, to*tlog.TileWidth)
		if err != nil {
			return err
		}
		for i, node := range nodes {
			var subtree tlog.Tree
			for _, child := range children[i*tlog.TileWidth : (i+1)*tlog.TileWidth] {
				subtree.Append(child, nil)
			}
			if subtree.Root() != node {
				return damaged("node %d of level %d is not the root of what is below it", from+int64(i), level)
			}
		}
	}
	return nil
}

// checkCosigned checks that what each witness cosigned last is still this log.
func (l *lead) checkCosigned(ctx context.Context, _ tlog.Checkpoint) error {
	type word struct {
		agency       events.AgencyID
		size         uint64
		line, signed []byte
	}
	var agencies []string
	for _, w := range l.roster.now().cosigners() {
		agencies = append(agencies, string(w.Agency))
	}
	found, err := l.conn.Query(ctx, `SELECT a, c.size, c.line, k.note FROM unnest($1::text[]) a
		CROSS JOIN LATERAL (SELECT size, line FROM cosignature WHERE agency = a ORDER BY size DESC LIMIT 1) c JOIN checkpoint k ON k.size = c.size`, agencies)
	if err != nil {
		return err
	}
	words, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (w word, err error) {
		return w, row.Scan(&w.agency, &w.size, &w.line, &w.signed)
	})
	if err != nil {
		return err
	}
	roots := map[uint64]tlog.Hash{}
	for _, w := range words {
		c, err := tlog.ParseCheckpoint(w.signed, l.logVerifier)
		if err != nil || c.Size != w.size || !l.cosigned(w.signed, w.line, w.agency, w.size) {
			return damaged("the stored checkpoint at %d entries is not the one that %s cosigned", w.size, w.agency)
		}
		root, known := roots[w.size]
		if !known {
			if root, err = tlog.NewProver(w.size, readHashes(ctx, l.conn)).Root(); err != nil {
				return err
			}
			roots[w.size] = root
		}
		if root != c.Root {
			return damaged("%s cosigned another log: the first %d entries are not what they were then", w.agency, w.size)
		}
	}
	return nil
}

// checkContradictions keeps a ledger stopped that a witness stopped: until the log
// explains what the witness showed, or the owner accepted that it never will.
func (l *lead) checkContradictions(ctx context.Context, _ tlog.Checkpoint) error {
	found, err := l.conn.Query(ctx, "SELECT note FROM contradiction WHERE accepted IS NULL")
	if err != nil {
		return err
	}
	notes, err := pgx.CollectRows(found, pgx.RowTo[[]byte])
	if err != nil {
		return err
	}
	for _, signed := range notes {
		shown, err := tlog.ParseCheckpoint(signed, l.logVerifier)
		if err != nil {
			return damaged("a checkpoint that a witness showed cannot be read any more")
		}
		if err := l.explains(ctx, l.conn, shown); err != nil {
			return err
		}
	}
	return nil
}
