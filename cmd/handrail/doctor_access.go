package main

import (
	"net"
	"os"

	"handrail/deploy/local"
	"handrail/events/exchange"
)

// examineAddresses warns of addresses at which somebody else could read along, and
// of what the hub says to agencies elsewhere that they will refuse.
func examineAddresses(d local.Directions) []finding {
	var all []finding
	warn := func(part, says string) { all = append(all, finding{Part: part, Says: says}) }
	for _, one := range [][2]string{{local.ServiceBroker, d.BrokerURL()}, {local.ServiceLedger, d.LedgerURL()}} {
		if err := exchange.CheckURL(one[1]); err != nil {
			warn(one[0], "no agency will connect: "+err.Error())
		}
	}
	for _, one := range [][2]string{{local.ServiceBroker, d.Broker}, {local.ServiceLedger, d.Ledger}, {"websocket", d.WebSocket}} {
		host, _, err := net.SplitHostPort(one[1])
		if one[1] == "" || err != nil || exchange.Loopback(host) || d.TLS.CertFile != "" {
			continue
		}
		warn(one[0], "listens off this machine without a certificate: it does not start so; name one as tls in hub.json")
	}
	if info, err := os.Stat(d.TLS.KeyFile); err == nil && info.Mode().Perm()&0o077 != 0 {
		warn("certificate", "others than the owner may read its key; make it mode 0600")
	}
	return all
}
