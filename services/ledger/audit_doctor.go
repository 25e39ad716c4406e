package ledger

import (
	"context"
	"net"
	"net/http"
	"net/netip"

	"handrail/events"
)

// ready says whether the ledger leads, or stands by for one that does, with the broker in reach.
func (a *httpAPI) ready(w http.ResponseWriter, _ *http.Request) {
	leading, broker := a.status.active()
	switch {
	case leading && broker:
		answer(w, map[string]string{"status": "active"})
	case a.status.waits():
		answer(w, map[string]string{"status": "standby"})
	default:
		refuseHTTP(w, http.StatusServiceUnavailable, "not-ready", "The ledger waits for its database or its broker.")
	}
}

// doctor is for the operator on this machine, unsigned: nothing of any case.
func (a *httpAPI) doctor(w http.ResponseWriter, r *http.Request) {
	if !fromLoopback(r) {
		refuseHTTP(w, http.StatusForbidden, "power", "The doctor answers on the ledger's own machine only.")
		return
	}
	d := Doctor{Agencies: map[events.AgencyID]Connection{}}
	a.status.describe(&d)
	if log := a.log.Load(); log != nil {
		d.Founded = true
		if err := a.examine(r.Context(), log, &d); err != nil {
			d.LastError = "the database cannot be read: " + plain(err)
		}
	}
	answer(w, d)
}

func (a *httpAPI) examine(ctx context.Context, log *openLog, d *Doctor) error {
	if err := a.pool.QueryRow(ctx, "SELECT coalesce(max(size), 0) FROM checkpoint").Scan(&d.Size); err != nil {
		return err
	}
	who, err := log.current(ctx, a.pool)
	if err != nil {
		return err
	}
	heads, err := assigned(ctx, a.pool, who.recipients)
	if err != nil {
		return err
	}
	words, err := positions(ctx, a.pool)
	if err != nil {
		return err
	}
	cosigned, err := readWitnesses(ctx, a.pool, who)
	if err != nil {
		return err
	}
	if d.WitnessedSize, err = log.newestWitnessed(ctx, a.pool, 1, d.Size); err != nil {
		return err
	}
	d.Witnessed = d.WitnessedSize > 0
	for agency, number := range heads {
		c := Connection{Assigned: number, ClockAhead: a.status.messagesAhead(agency)}
		if who.away(agency) {
			c.Away = who.members[agency].Standing
		}
		if word, spoke := words[agency]; spoke {
			at := word.at.Time()
			c.Reported, c.At = word.number, &at
		}
		if w, witnesses := cosigned[agency]; witnesses {
			c.Witness = &Witness{Size: w.size, At: w.at, Reset: w.reset, Finding: a.status.finding(agency)}
		}
		d.Agencies[agency] = c
	}
	return nil
}

func fromLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
