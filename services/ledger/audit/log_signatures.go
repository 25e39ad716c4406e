package audit

import (
	"crypto/rand"
	"crypto/sha512"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"

	"handrail/events/seal"
)

// signatureBatch collects claims, to check them at once. It is used by one goroutine.
type signatureBatch struct {
	claims  []seal.Claim
	numbers []uint64
}

func (b *signatureBatch) add(number uint64, claim seal.Claim) {
	b.claims, b.numbers = append(b.claims, claim), append(b.numbers, number)
}

func (b *signatureBatch) size() uint64 { return uint64(len(b.claims)) }

// verify checks all of them. When they do not hold together it checks one by one,
// as the hub did, and gives the entry of the first that fails.
func (b *signatureBatch) verify() (number uint64, err error) {
	if len(b.claims) == 0 || together(b.claims) {
		return 0, nil
	}
	for i, claim := range b.claims {
		if err := claim.Verify(); err != nil {
			return b.numbers[i], err
		}
	}
	return 0, nil
}

// together says whether the sum over all claims of z·(s·B − R − h·A) vanishes but for
// the cofactor, each z being 128 random bits: of signatures of which one fails alone it
// does so by luck of 1 in 2^128. A directory has few keys, and what belongs to one key A
// is summed before it is multiplied, as ed25519-zebra does: that saves more than half.
// What it cannot read it leaves to the single check.
func together(claims []seal.Claim) bool {
	random := make([]byte, 16*len(claims))
	if _, err := rand.Read(random); err != nil {
		return false
	}
	terms := make([]term, 1, len(claims)+32) // the first is the base point's
	terms[0].point.Set(curve.ED25519_BASEPOINT_POINT)
	keys := map[string]int{} // which term is of which key
	for i, claim := range claims {
		var z, s, h scalar.Scalar
		var r curve.EdwardsPoint
		if !readScalar(&z, random[16*i:16*i+16]) || !readScalar(&s, claim.Signature[32:]) || !readPoint(&r, claim.Signature[:32]) {
			return false
		}
		at, known := keys[string(claim.Public)]
		if !known {
			at = len(terms)
			keys[string(claim.Public)] = at
			terms = append(terms, term{})
			if !readPoint(&terms[at].point, claim.Public) {
				return false
			}
		}
		hash := sha512.New()
		hash.Write(claim.Signature[:32])
		hash.Write(claim.Public)
		hash.Write(claim.Message)
		if _, err := h.SetBytesModOrderWide(hash.Sum(nil)); err != nil {
			return false
		}
		terms[at].factor.Add(&terms[at].factor, h.Mul(&h, &z))
		terms[0].factor.Sub(&terms[0].factor, s.Mul(&s, &z))
		terms = append(terms, term{z, r})
	}
	factors, points := make([]*scalar.Scalar, len(terms)), make([]*curve.EdwardsPoint, len(terms))
	for i := range terms {
		factors[i], points[i] = &terms[i].factor, &terms[i].point
	}
	return new(curve.EdwardsPoint).MultiscalarMulVartime(factors, points).IsSmallOrder()
}

// term is a point to be multiplied.
type term struct {
	factor scalar.Scalar
	point  curve.EdwardsPoint
}

// readScalar takes up to 32 bytes of a number that is not above the order, lowest first.
func readScalar(to *scalar.Scalar, from []byte) bool {
	var whole [scalar.ScalarSize]byte
	copy(whole[:], from)
	_, err := to.SetCanonicalBytes(whole[:])
	return err == nil
}

func readPoint(to *curve.EdwardsPoint, from []byte) bool {
	var y curve.CompressedEdwardsY
	copy(y[:], from)
	_, err := to.SetCompressedY(&y)
	return err == nil
}
