package local

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The login roles that every server of ours has. None is a superuser or may create databases or roles.
const (
	RoleOwner     = "handrail_owner"     // owns databases, runs migrations; no service connects as it
	RoleLedger    = "handrail_ledger"    // the ledger service
	RoleRetention = "handrail_retention" // destroys payloads and openings when their time has come
)

const (
	roleAdmin  = "postgres"
	rolesLock  = 0x68616e64 // one process at a time creates roles: they belong to the whole server
	duplicated = "42P04"    // SQLSTATE duplicate_database
)

// DSN is the connection string for a role in a database; an empty role means the administrator. A private cluster
// asks for no password: its socket is open to its own user only. On the server of HANDRAIL_DATABASE_URL each role's
// password is derived from the administrator's, so that every process of one installation finds the same.
func (p *Postgres) DSN(database, role string) string {
	if p.external == nil {
		if role == "" {
			role = roleAdmin
		}
		return fmt.Sprintf("host=%s port=5432 user=%s dbname=%s sslmode=disable", quoteDSN(p.socket), quoteDSN(role), quoteDSN(database))
	}
	address := *p.external
	address.Path = "/" + database
	if role != "" {
		address.User = url.UserPassword(role, p.rolePassword(role))
	}
	return address.String()
}

// quoteDSN writes a value of a keyword/value connection string, which may hold spaces and quotes.
func quoteDSN(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

func (p *Postgres) rolePassword(role string) string {
	secret, _ := p.external.User.Password()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("handrail database role " + role))
	return hex.EncodeToString(mac.Sum(nil))
}

// CreateDatabase creates a database that owner owns and that only the three roles may connect to. One that exists is
// left as it is.
func (p *Postgres) CreateDatabase(ctx context.Context, name, owner string) error {
	err := p.create(ctx, name, owner, "")
	var failure *pgconn.PgError
	if errors.As(err, &failure) && failure.Code == duplicated {
		return nil
	}
	return err
}

// CreateDatabaseFrom copies template, to which nobody may be connected, in some tens of milliseconds. It fails when
// name exists.
func (p *Postgres) CreateDatabaseFrom(ctx context.Context, name, owner, template string) error {
	return p.create(ctx, name, owner, " TEMPLATE "+identifier(template))
}

// DropDatabase removes a database, ending the sessions in it. One that does not exist is fine.
func (p *Postgres) DropDatabase(ctx context.Context, name string) error {
	return p.administer(ctx, "DROP DATABASE IF EXISTS "+identifier(name)+" WITH (FORCE)")
}

func (p *Postgres) create(ctx context.Context, name, owner, template string) error {
	database := identifier(name)
	err := p.administer(ctx,
		"CREATE DATABASE "+database+" OWNER "+identifier(owner)+template,
		"REVOKE ALL ON DATABASE "+database+" FROM PUBLIC",
		"GRANT CONNECT ON DATABASE "+database+" TO "+strings.Join([]string{RoleOwner, RoleLedger, RoleRetention}, ", "),
	)
	if err != nil {
		return fmt.Errorf("creating database %s: %w", name, err)
	}
	return nil
}

// administer runs statements as the administrator, each in a transaction of its own.
func (p *Postgres) administer(ctx context.Context, statements ...string) error {
	conn, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (p *Postgres) connect(ctx context.Context) (*pgx.Conn, error) {
	address := p.DSN(roleAdmin, "")
	if p.external != nil {
		address = p.external.String()
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("connecting as administrator: %w", err)
	}
	return conn, nil
}

func (p *Postgres) ping(ctx context.Context) error {
	return p.administer(ctx, "SELECT 1")
}

// ensureRoles creates the login roles that are missing. An existing role keeps its password and rights, and the owner
// becomes a member of the retention role.
func (p *Postgres) ensureRoles(ctx context.Context) error {
	conn, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", rolesLock); err != nil {
		return err
	}
	for _, role := range []string{RoleOwner, RoleLedger, RoleRetention} {
		if err := p.ensureRole(ctx, conn, role); err != nil {
			return fmt.Errorf("creating role %s: %w", role, err)
		}
	}
	return giveTables(ctx, conn)
}

// giveTables lets the owner give tables to the retention role, which must own what it rewrites: the owner must be its
// member for that.
func giveTables(ctx context.Context, conn *pgx.Conn) error {
	var may bool
	if err := conn.QueryRow(ctx, "SELECT pg_has_role($1, $2, 'MEMBER')", RoleOwner, RoleRetention).Scan(&may); err != nil || may {
		return err
	}
	if _, err := conn.Exec(ctx, "GRANT "+identifier(RoleRetention)+" TO "+identifier(RoleOwner)); err != nil {
		return fmt.Errorf("making role %s a member of %s: %w", RoleOwner, RoleRetention, err)
	}
	return nil
}

func (p *Postgres) ensureRole(ctx context.Context, conn *pgx.Conn, role string) error {
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role).Scan(&exists); err != nil || exists {
		return err
	}
	create := "CREATE ROLE " + identifier(role) + " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
	if p.external != nil {
		create += " PASSWORD '" + p.rolePassword(role) + "'" // hexadecimal: nothing to quote
	}
	if _, err := conn.Exec(ctx, create); err != nil {
		return err
	}
	// An administrator who is no superuser can give a database only to a role that it is a member of.
	_, err := conn.Exec(ctx, "GRANT "+identifier(role)+" TO CURRENT_USER")
	return err
}

// useExternal prepares the server that an address names. It must be a URL of an administrator.
func useExternal(ctx context.Context, address string) (*Postgres, error) {
	parsed, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(parsed.Scheme, "postgres") {
		return nil, errors.New("HANDRAIL_DATABASE_URL is not a URL postgres://user:password@host/database") // never the value: it holds a password
	}
	if strings.TrimPrefix(parsed.Path, "/") == "" {
		parsed.Path = "/postgres"
	}
	p := &Postgres{external: parsed}
	if err := p.ensureRoles(ctx); err != nil {
		return nil, fmt.Errorf("preparing the server of HANDRAIL_DATABASE_URL: %w", err)
	}
	return p, nil
}

func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }
