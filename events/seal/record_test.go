package seal_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"handrail/events"
	"handrail/events/seal"
)

func TestOnlyTheRecipientOpensARecord(t *testing.T) {
	shelter := sealingKey(t, "shelter")
	jwe, plaincommit := sealed(t, shelter, header())
	got, err := shelter.Open(jwe, plaincommit)
	must(t, err)
	if string(got) != section {
		t.Error("the section is not what was sealed")
	}
	if _, err := sealingKey(t, "other shelter").Open(jwe, plaincommit); !errors.Is(err, seal.ErrOtherKey) {
		t.Errorf("another key: got %v", err)
	}
	if bytes.Contains(jwe, []byte("Ana")) || strings.Contains(string(decodePart(t, string(jwe), 0)), "Ana") {
		t.Error("the record shows its section")
	}
	h, err := seal.ParseRecord(jwe)
	must(t, err)
	want := header()
	want.KeyID = shelter.ID()
	if h != want {
		t.Error("the header is not what was sealed")
	}
}

func TestGoJoseOpensARecord(t *testing.T) {
	shelter := sealingKey(t, "shelter")
	jwe, _ := sealed(t, shelter, header())
	parsed, err := jose.ParseEncryptedCompact(string(jwe), []jose.KeyAlgorithm{jose.ECDH_ES_A256KW}, []jose.ContentEncryption{jose.A256GCM})
	must(t, err)
	plain, err := parsed.Decrypt(exportedSealing(t, shelter))
	must(t, err)
	if !strings.HasSuffix(string(plain), `,"section":`+section+`}`) {
		t.Error("go-jose finds another section")
	}
}

func TestWhatIsSealedIsOneJSONObject(t *testing.T) {
	shelter := sealingKey(t, "shelter")
	for _, plain := range []string{"", "null", `"text"`, ` {"a":1}`, "{\"a\":1}\n", `{"a":1}{}`, `{"a":1,"a":2}`, `{"a":`} {
		_, _, err := seal.Seal(shelter.Public(), header(), []byte(plain), seeded("salt"))
		refused(t, err, events.RuleDataMalformed)
	}
	_, _, err := seal.Seal(shelter.Public(), header(), []byte(`{"a":"`+strings.Repeat("x", seal.MaxPlaintext)+`"}`), seeded("salt"))
	refused(t, err, events.RuleEventTooLarge)
	full := []byte(`{"a":"` + strings.Repeat("x", seal.MaxPlaintext-8) + `"}`)
	e := envelope(events.TypeRecordSealed, recordID)
	e.DataContentType = events.SealedContent
	e.Data, e.PlainCommit, err = seal.Seal(shelter.Public(), header(), full, seeded("salt"))
	must(t, err)
	_, err = signingKey(t, "police").Sign(e)
	must(t, err) // the largest section fits into an event
}

// A sender commits to the section before anybody reads it, so the recipient can
// prove that something else was sealed.
func TestAnotherSectionThanCommittedIsDisputed(t *testing.T) {
	shelter := sealingKey(t, "shelter")
	jwe, plaincommit := sealed(t, shelter, header())
	flipped := "0" + plaincommit[1:]
	if flipped == plaincommit {
		flipped = "1" + plaincommit[1:]
	}
	for name, commit := range map[string]string{"another": flipped, "capitals": strings.ToUpper(plaincommit), "none": ""} {
		if _, err := shelter.Open(jwe, commit); !errors.Is(err, seal.ErrDisputed) {
			t.Errorf("%s: got %v, want a dispute", name, err)
		}
	}
}

// Sealed rightly, but holding no salted section.
func TestARecordWithoutASaltedSectionIsDisputed(t *testing.T) {
	shelter := sealingKey(t, "shelter")
	_, plaincommit := sealed(t, shelter, header())
	salt := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for _, plain := range []string{
		section, "null", `{"salt":"` + salt + `"}`, `{"salt":"AAAA","section":{}}`, `{"salt":"` + salt + `","section":"x"}`,
		`{"salt":"` + salt + `","section":{},"more":1}`, `{"salt":"` + salt + `","section":{}}x`,
	} {
		_, err := shelter.Open(encryptRaw(t, shelter, plain), plaincommit)
		if !errors.Is(err, seal.ErrDisputed) {
			t.Errorf("got %v, want a dispute", err)
		}
		if strings.Contains(err.Error(), "Ana") {
			t.Error("the error repeats personal data")
		}
	}
}

func encryptRaw(t testing.TB, to seal.SealingKey, plain string) []byte {
	t.Helper()
	h := header()
	options := new(jose.EncrypterOptions)
	for name, value := range map[string]any{
		"source": h.Source, "id": h.ID, "to": h.To, "case": h.Case, "referral": h.Referral,
		"purpose": h.Purpose, "type": h.Type, "section": h.Section,
	} {
		options = options.WithHeader(jose.HeaderKey(name), value)
	}
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.ECDH_ES_A256KW, Key: &exportedSealing(t, to).PublicKey, KeyID: string(to.ID())}, options)
	must(t, err)
	encrypted, err := encrypter.Encrypt([]byte(plain))
	must(t, err)
	compact, err := encrypted.CompactSerialize()
	must(t, err)
	return []byte(compact)
}

// The header of one record before the ciphertext of another: the header is
// authenticated, so the ledger can judge by it.
func TestTransplantsDoNotOpen(t *testing.T) {
	shelter := sealingKey(t, "shelter")
	jwe, plaincommit := sealed(t, shelter, header())
	elsewhere := header()
	elsewhere.Case = "01936a00-0000-7000-8000-00000000beef"
	other, _ := sealed(t, shelter, elsewhere)
	parts, others := strings.Split(string(jwe), "."), strings.Split(string(other), ".")
	for i := range parts {
		mixed := append([]string(nil), parts...)
		mixed[i] = others[i]
		if _, err := shelter.Open([]byte(strings.Join(mixed, ".")), plaincommit); !errors.Is(err, seal.ErrDisputed) {
			t.Errorf("part %d of another record: got %v", i, err)
		}
	}
	relabelled := rewrite(t, string(jwe), func(h string) string { return strings.Replace(h, `"contact"`, `"needs"`, 1) })
	if _, err := shelter.Open([]byte(relabelled), plaincommit); !errors.Is(err, seal.ErrDisputed) {
		t.Errorf("relabelled section: got %v", err)
	}
	toOther, _ := sealed(t, sealingKey(t, "other shelter"), header())
	swapped := rewrite(t, string(toOther), func(h string) string {
		return strings.Replace(h, string(sealingKey(t, "other shelter").ID()), string(shelter.ID()), 1)
	})
	if _, err := shelter.Open([]byte(swapped), plaincommit); !errors.Is(err, seal.ErrDisputed) {
		t.Errorf("swapped kid: got %v", err)
	}
}

func TestTheHeaderIsAnAllowList(t *testing.T) {
	jwe, _ := sealed(t, sealingKey(t, "shelter"), header())
	h := string(decodePart(t, string(jwe), 0))
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	foreign, err := jose.JSONWebKey{Key: &p384.PublicKey}.MarshalJSON()
	must(t, err)
	epk := h[strings.Index(h, `"epk":`)+len(`"epk":`) : strings.Index(h, `}`)+1]
	replace := func(old, new string) string { return strings.Replace(h, old, new, 1) }
	forms := map[string]string{
		"no object": "null", "an array": "[]", "empty": "{}", "trailing bytes": h + " x",
		"alg dir": replace("ECDH-ES+A256KW", "dir"), "alg ECDH-ES": replace("ECDH-ES+A256KW", "ECDH-ES"), "alg RSA": replace("ECDH-ES+A256KW", "RSA1_5"),
		"enc A128GCM": replace("A256GCM", "A128GCM"), "enc CBC": replace("A256GCM", "A256CBC-HS512"),
		"P-384": replace(epk, string(foreign)), "X25519": replace(epk, `{"kty":"OKP","crv":"X25519","x":"AAAA"}`),
		"P-384 by name": replace(`"P-256"`, `"P-384"`), "epk text": replace(epk, `"x"`), "epk null": replace(epk, "null"),
		"off the curve": replace(epk, `{"kty":"EC","crv":"P-256","x":"`+strings.Repeat("A", 42)+`E","y":"`+strings.Repeat("A", 42)+`E"}`),
		"epk private":   replace(`"kty":"EC"`, `"kty":"EC","d":"AAAA"`),
		"epk twice":     replace(`"kty":"EC"`, `"kty":"EC","kty":"EC"`),
		"other type":    replace("record.sealed", "record.erased"), "unknown section": replace(`"contact"`, `"gossip"`),
		"name as case": replace(string(theCase), "Ana"), "kid in capitals": replace(string(sealingKey(t, "shelter").ID()), strings.ToUpper(string(sealingKey(t, "shelter").ID()))),
		"too long": replace(`"alg"`, strings.Repeat(" ", 2048)+`"alg"`),
	}
	for _, extra := range []string{`"zip":"DEF"`, `"crit":["exp"]`, `"cty":"JWT"`, `"apu":"AAAA"`, `"apv":"AAAA"`, `"jku":"x"`, `"note":"Ana"`, `"KID":"x"`} {
		forms["added "+extra] = "{" + extra + "," + h[1:]
	}
	for _, name := range []string{"alg", "enc", "epk", "kid", "source", "id", "to", "case", "referral", "purpose", "type", "section"} {
		forms["renamed "+name] = replace(`"`+name+`":`, `"`+name+`x":`)
		forms["removed "+name] = without(t, h, name)
		forms["repeated "+name] = "{" + memberOf(t, h, name) + "," + h[1:]
		forms["null "+name] = replace(memberOf(t, h, name), `"`+name+`":null`)
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			if form == h {
				t.Fatal("nothing was changed")
			}
			_, err := seal.ParseRecord([]byte(rewrite(t, string(jwe), func(string) string { return form })))
			refused(t, err, events.RuleRecordHeader)
			if err != nil && strings.Contains(err.Error(), "Ana") {
				t.Error("the refusal repeats what was sent")
			}
		})
	}
}

func TestTheCompactFormIsCanonical(t *testing.T) {
	jwe, _ := sealed(t, sealingKey(t, "shelter"), header())
	parts := strings.Split(string(jwe), ".")
	changed := func(i int, part string) string {
		mixed := append([]string(nil), parts...)
		mixed[i] = part
		return strings.Join(mixed, ".")
	}
	forms := map[string]string{
		"empty": "", "dots": "....", "trailing dot": string(jwe) + ".", "leading dot": "." + string(jwe), "four parts": strings.Join(parts[:4], "."),
		"JSON": `{"protected":"` + parts[0] + `"}`, "line end": string(jwe) + "\n", "inner line end": changed(3, parts[3][:4]+"\n"+parts[3][4:]),
		"padded": changed(2, parts[2]+"="), "standard alphabet": changed(3, "+/"+parts[3][2:]),
		"short nonce": changed(2, parts[2][:12]), "long key": changed(1, parts[1]+"AAAA"), "no ciphertext": changed(3, ""), "short tag": changed(4, parts[4][:12]),
		"unused bits": changed(4, parts[4][:21]+string(parts[4][21]+1)), // 16 bytes leave four bits of the last character unused
		"oversized":   changed(3, strings.Repeat("A", events.MaxBytes)),
	}
	for name, form := range forms {
		_, err := seal.ParseRecord([]byte(form))
		if err == nil {
			t.Errorf("%s is accepted", name)
			continue
		}
		refused(t, err, events.RuleRecordHeader)
		_, err = sealingKey(t, "shelter").Open([]byte(form), "")
		refused(t, err, events.RuleRecordHeader)
	}
}

func TestARecordAgreesWithItsEvent(t *testing.T) {
	e := sealedEvent(t)
	record, err := seal.CheckRecord(e)
	must(t, err)
	if record.Header.To != "lighthouse-shelter" || record.Type() != e.Type {
		t.Error("the payload is not the record's header")
	}
	for name, change := range map[string]func(*events.Event){
		"type":     func(e *events.Event) { e.Type = events.TypeCaseOpened },
		"source":   func(e *events.Event) { e.Source = events.Source("sampleland", "lighthouse-shelter") },
		"id":       func(e *events.Event) { e.ID = referral },
		"case":     func(e *events.Event) { e.Subject = string(referral) },
		"referral": func(e *events.Event) { e.CorrelationID = events.EventID(theCase) },
		"data":     func(e *events.Event) { e.Data = []byte("{}") },
	} {
		t.Run(name, func(t *testing.T) {
			changed := e
			change(&changed)
			_, err := seal.CheckRecord(changed)
			refused(t, err, events.RuleRecordHeader)
		})
	}
}

// A question travels as referral.asked or referral.answered and nothing else
// does, so that nobody opens more than a question before an acceptance.
func TestOnlyAQuestionIsAskedAndAnswered(t *testing.T) {
	shelter := sealingKey(t, "shelter")
	sections := []events.Section{}
	for _, code := range events.Section("").Codes() {
		sections = append(sections, events.Section(code))
	}
	for _, of := range events.Types() {
		for _, section := range sections {
			h := header()
			h.Type, h.Section = of, section
			jwe, commit, err := seal.Seal(shelter.Public(), h, []byte(question), seeded("salt"))
			if !of.Sealed() || (of == events.TypeRecordSealed) == (section == events.SectionQuestion) {
				refused(t, err, events.RuleRecordHeader)
				continue
			}
			must(t, err)
			e := envelope(of, h.ID)
			e.DataContentType, e.Data, e.PlainCommit = events.SealedContent, jwe, commit
			e, err = signingKey(t, "police").Sign(e)
			must(t, err)
			record, err := seal.CheckRecord(e)
			must(t, err)
			opened, err := shelter.Open(e.Data, e.PlainCommit)
			must(t, err)
			if record.Type() != of || string(opened) != question {
				t.Errorf("%s with %s is read as another record", of.Name(), section)
			}
		}
	}
}

// A question of the sender cannot be sent on as its answer, nor as a record.
func TestAQuestionStaysAQuestion(t *testing.T) {
	for _, of := range []events.Type{events.TypeReferralAsked, events.TypeReferralAnswered} {
		for _, as := range []events.Type{events.TypeRecordSealed, events.TypeReferralAsked, events.TypeReferralAnswered} {
			e := fixed(t, 23, questionHeader(of), question)
			e.Type, e.DataSchema = as, as.Schema()
			_, err := seal.CheckRecord(e)
			if as == of {
				must(t, err)
				continue
			}
			refused(t, err, events.RuleRecordHeader)
		}
	}
}

// memberOf gives the text of one member of a header, "name":value.
func memberOf(t testing.TB, h, name string) string {
	t.Helper()
	start := strings.Index(h, `"`+name+`":`)
	if start < 0 {
		t.Fatalf("the header has no member %s", name)
	}
	rest := h[start:]
	if name == "epk" {
		return rest[:strings.Index(rest, "}")+1]
	}
	return rest[:strings.IndexAny(rest, ",}")]
}

func without(t testing.TB, h, name string) string {
	t.Helper()
	return strings.NewReplacer(",,", ",", "{,", "{", ",}", "}").Replace(strings.Replace(h, memberOf(t, h, name), "", 1))
}

func decodePart(t testing.TB, jwe string, i int) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(jwe, ".")[i])
	must(t, err)
	return raw
}

// rewrite changes the protected header of a record without knowing any key.
func rewrite(t testing.TB, jwe string, change func(string) string) string {
	t.Helper()
	parts := strings.Split(jwe, ".")
	parts[0] = base64.RawURLEncoding.EncodeToString([]byte(change(string(decodePart(t, jwe, 0)))))
	return strings.Join(parts, ".")
}
