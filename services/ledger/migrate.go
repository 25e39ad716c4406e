package ledger

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate brings the database's schema up to this version. It connects as
// handrail_owner, the only one who may; no service does. Several may call it at once.
// The roles handrail_ledger and handrail_retention must exist.
func Migrate(ctx context.Context, ownerURL string) error {
	config, err := pgx.ParseConfig(ownerURL)
	if err != nil {
		return fmt.Errorf("migrating the ledger: %w", err)
	}
	db := stdlib.OpenDB(*config)
	if err := errors.Join(migrate(ctx, db), db.Close()); err != nil {
		return fmt.Errorf("migrating the ledger: %w", err)
	}
	return nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	one, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(one))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}
