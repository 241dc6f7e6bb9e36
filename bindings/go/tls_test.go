package rr

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

// certified makes an authority, and a certificate of it for 127.0.0.1 with the key to that.
func certified(t testing.TB) (authority, certificate, key string) {
	t.Helper()
	folder := t.TempDir()
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(folder, name)
		must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600))
		return path
	}
	root := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an authority of a test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	rootKey := got(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	authority = write("authority.pem", "CERTIFICATE", got(x509.CreateCertificate(rand.Reader, &root, &root, &rootKey.PublicKey, rootKey))(t))
	leaf := x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "a server of a test"},
		NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leafKey := got(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	certificate = write("certificate.pem", "CERTIFICATE", got(x509.CreateCertificate(rand.Reader, &leaf, &root, &leafKey.PublicKey, rootKey))(t))
	return authority, certificate, write("key.pem", "EC PRIVATE KEY", got(x509.MarshalECPrivateKey(leafKey))(t))
}

// overTLS starts a server that speaks TLS at a port of its own.
func overTLS(t testing.TB) (s *redistest.Server, address, authority string) {
	t.Helper()
	l := got(net.Listen("tcp", "127.0.0.1:0"))(t)
	address = l.Addr().String()
	must(t, l.Close())
	authority, certificate, key := certified(t)
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	s = redistest.Start(t, "--tls-port", port, "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", authority, "--tls-auth-clients", "no")
	return s, address, authority
}

func TestEverythingGoesOverTLSAndComesBackAfterARestart(t *testing.T) {
	t.Parallel()
	s, address, authority := overTLS(t)
	c := open(t, "rediss://"+address+"?tls_ca_file="+authority+"&reconnect_max_delay_ms=50")
	ctx := ctxOf(t)
	subscription := got(c.Subscribe(ctx, "news"))(t)
	defer subscription.Close()
	must(t, subscription.Wait(ctx))
	for round := range 2 {
		must(t, c.Set(ctx, "k", round, 0))
		same(t, "the value", got(c.Get(ctx, "k"))(t), strconv.Itoa(round))
		values := got(c.TxPipelined(ctx, func(p *Pipeline) error { p.Incr("k"); p.Get("k"); return nil }))(t)
		same(t, "the last reply", got(values[1].Text())(t), strconv.Itoa(round+1))
		must(t, c.Watch(ctx, func(tx *Tx) error {
			_, err := tx.TxPipelined(ctx, func(p *Pipeline) error { p.Set("k", "watched", 0); return nil })
			return err
		}, "k"))
		must(t, subscription.Wait(ctx))
		must(t, second(c.Publish(ctx, "news", "hello")))
		m := next(t, subscription)
		if m.Kind == MessageRestored {
			m = next(t, subscription)
		}
		same(t, "the message", m.Payload, "hello")
		s.Kill()
		s.Restart(t)
	}
}

func TestACertificateOfAnUnknownAuthorityIsRefusedAndSaidSo(t *testing.T) {
	t.Parallel()
	_, address, _ := overTLS(t)
	other, _, _ := certified(t)
	c := open(t, "rediss://"+address+"?tls_ca_file="+other)
	_, err := c.Get(ctxOf(t), "k")
	isError(t, err, ErrTLS, OutcomeNotApplied)
	_, err = Open("rediss://" + address + "?tls_ca_file=/does/not/exist")
	if err == nil {
		t.Fatal("a file that does not exist is taken")
	}
}
