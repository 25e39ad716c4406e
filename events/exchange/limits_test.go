package exchange

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"

	"handrail/events"
)

func TestAFullQuotaReachesOnlyItsOwner(t *testing.T) {
	b := startBroker(t)
	h := b.hub(func(c *HubConfig) { c.Quota, c.Window, c.Backlog = 5, 2, 5 })
	ctx := deadline(t)
	loud, quiet := b.site(police), b.site(shelter)
	for n := range 5 {
		submitted(ctx, t, loud, numbered(n))
	}
	if err := loud.Submit(ctx, numbered(5)); !errors.Is(err, ErrQuota) {
		t.Errorf("a full agency gets %v", err)
	}
	if err := quiet.Submit(ctx, numbered(0)); err != nil {
		t.Errorf("another agency gets %v", err)
	}
	from, err := h.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		if err := next(ctx, t, from).Ack(); err != nil {
			t.Fatal(err)
		}
	}
	for err = ErrQuota; errors.Is(err, ErrQuota); { // acknowledgements are not awaited
		err = loud.Submit(ctx, numbered(5))
	}
	if err != nil {
		t.Errorf("the refused one, later: %v", err)
	}
	if n := next(ctx, t, from).Message.number(t); n != 5 {
		t.Errorf("came %d, want the refused one", n)
	}

	t.Run("deliveries to an agency that does not read", func(t *testing.T) {
		var all []Outgoing
		for n := range 7 {
			all = append(all, Outgoing{To: police, Message: numbered(n)}, Outgoing{To: shelter, Message: numbered(n % 5)})
		}
		err := h.SendAll(ctx, all[:13])
		var failed *SendError
		if !errors.As(err, &failed) || !errors.Is(err, ErrQuota) {
			t.Fatalf("sending gives %v", err)
		}
		if err := h.Send(ctx, council, numbered(0)); err != nil {
			t.Errorf("a third agency gets %v", err)
		}
	})
}

func TestErasingWhatWaitsForAnAgency(t *testing.T) {
	b := startBroker(t)
	h := b.hub(nil)
	ctx := deadline(t)
	for n := range 6 {
		for _, to := range []events.AgencyID{police, shelter} {
			if err := h.Send(ctx, to, numbered(n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	even := func(m Message) bool { return m.number(t)%2 == 0 }
	if err := h.Erase(ctx, shelter, even); err != nil {
		t.Fatal(err)
	}
	theirs, others := b.receive(b.site(shelter)), b.receive(b.site(police))
	theirs.holds(ctx, t, 3)
	others.holds(ctx, t, 6)
	if got := theirs.numbers(); !slices.Equal(got, []int{1, 3, 5}) {
		t.Errorf("the shelter got %v", got)
	}
}

func TestTheSmallestStreamThatKeepsQuotasApart(t *testing.T) {
	b := startBroker(t)
	h := b.hub(nil)
	h.config.MaxBytes = 1 << 20
	if err := h.Provide(deadline(t), []events.AgencyID{police, shelter}); err == nil {
		t.Error("a stream smaller than the windows was provided")
	}
}

func TestTheLargestEventIsDeliveredWithItsProof(t *testing.T) {
	b := startBroker(t)
	h := b.hub(nil)
	ctx := deadline(t)
	site := b.site(police)
	from, err := h.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	large := acknowledged(t)
	large.Data = bytes.Repeat([]byte("x"), events.MaxBytes-4096)
	submitted(ctx, t, site, Encode(large))
	got, err := Decode(next(ctx, t, from).Message)
	if err != nil || len(got.Data) != len(large.Data) {
		t.Fatalf("the hub got %d bytes, %v", len(got.Data), err)
	}
	proof := string(bytes.Repeat([]byte("p"), 60<<10))
	for range 3 {
		if err := h.Send(ctx, police, Encode(got).WithDelivery(proof)); err != nil {
			t.Fatal(err)
		}
	}
	tooLarge := Message{Data: bytes.Repeat([]byte("x"), 1<<20+1)}
	if err := h.Send(ctx, police, Encode(got).WithDelivery(proof+proof)); !errors.As(err, new(*events.Violation)) {
		t.Errorf("headers of more than 64 KiB: %v", err)
	}
	for name, err := range map[string]error{"submit": site.Submit(ctx, tooLarge), "send": h.Send(ctx, police, tooLarge), "send all": h.SendAll(ctx, []Outgoing{{To: police, Message: tooLarge}})} {
		if v, ok := errors.AsType[*events.Violation](err); !ok || v.Rule != events.RuleEventTooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConnectingWithWhatCannotBeRead(t *testing.T) {
	b := startBroker(t)
	seedless := b.file("seedless", bytes.Split(b.accounts.Creds[police], []byte("-----BEGIN USER NKEY SEED"))[0])
	open := b.file("open", b.accounts.Creds[police])
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, config := range map[string]SiteConfig{
		"no file":         {URL: b.url(), CredsFile: b.t.TempDir() + "/none"},
		"no seed":         {URL: b.url(), CredsFile: seedless},
		"readable by all": {URL: b.url(), CredsFile: open},
		"no URL":          {URL: "nats://[", CredsFile: b.file("police", b.accounts.Creds[police])},
	} {
		if site, err := ConnectSite(t.Context(), config); err == nil {
			site.Close()
			t.Errorf("%s: connected", name)
		}
	}
}
