package ledger

import "testing"

// Whoever does not take gzip must not get it (C2SP tlog-tiles, RFC 9110).
func TestABundleIsZippedOnlyForWhoTakesIt(t *testing.T) {
	for accepts, want := range map[string]bool{
		"": false, "identity": false, "*": false, "br, deflate": false, "gzipped": false, "x-gzip2": false, "gzip": true, "GZIP": true, "br, gzip": true, "deflate;q=0.5 , gzip ; q=0.1": true,
		"gzip;q=0": false, "gzip; q=0.000": false, "br, gzip;Q=0, *": false, "gzip;q=": false, "gzip;q=x": false, "gzip;level=9": false,
	} {
		if got := takesGzip([]string{accepts}); got != want {
			t.Errorf("%q takes gzip: %v", accepts, got)
		}
	}
	if takesGzip(nil) || !takesGzip([]string{"br", "gzip"}) {
		t.Error("several headers are one list, and none is an empty one")
	}
}
