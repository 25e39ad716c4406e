package local

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// AsOwner runs a statement on the ledger's database as its owner, who may do
// what the ledger itself may not. Nothing of Handrail needs this: demonstrations
// and tests show with it that the auditor finds what an operator alters. It
// gives the rows that the statement returns, and refuses nothing.
func (h *Hub) AsOwner(ctx context.Context, statement string, args ...any) ([][]any, error) {
	conn, err := pgx.Connect(ctx, h.Postgres.DSN(databaseName, RoleOwner))
	if err != nil {
		return nil, fmt.Errorf("connecting as the database's owner: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	rows, err := conn.Query(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("as the database's owner: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	if err != nil {
		return nil, fmt.Errorf("as the database's owner: %w", err)
	}
	return all, nil
}
