// Package systemd holds the units of the services; its test reads them.
package systemd

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestAnAgencysServiceIsKeptApart(t *testing.T) {
	text, err := os.ReadFile("handrail-agency@.service")
	if err != nil {
		t.Fatal(err)
	}
	section, set := "", map[string][]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "["):
			section = line
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || section == "" {
			t.Fatalf("a line of the unit is none: %q", line)
		}
		set[section+name] = append(set[section+name], value)
	}
	for name, want := range map[string]string{
		"DynamicUser": "yes", "StateDirectory": "handrail/%i", "StateDirectoryMode": "0700", "UMask": "0077", "LimitCORE": "0",
		"ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateUsers": "yes", "ProtectProc": "invisible", "NoNewPrivileges": "yes",
		"CapabilityBoundingSet": "", "AmbientCapabilities": "", "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6", "MemoryDenyWriteExecute": "yes",
		"LoadCredential": "passphrase:/etc/handrail/%i.passphrase", "ExecStart": "/usr/local/bin/handrail serve ${HANDRAIL_DESK} /var/lib/handrail/%i",
	} {
		if !slices.Equal(set["[Service]"+name], []string{want}) {
			t.Errorf("the unit has %s=%q, want %q", name, set["[Service]"+name], want)
		}
	}
	for name, values := range set { // a secret in the environment can be read by whoever sees the process
		if strings.HasSuffix(name, "]Environment") || strings.HasSuffix(name, "]PassEnvironment") {
			t.Errorf("the unit passes an environment: %s=%q", name, values)
		}
	}
}
