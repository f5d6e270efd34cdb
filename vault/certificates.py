"""RSA signatures with a certificate (FIPS 186-5, PKCS #1 v1.5 with SHA-256): for standards that ask for X.509.

The private key is made here, wrapped by the key-encryption key in the key store, and leaves it never. Whoever runs the
installation has its request signed by a certificate authority; until then a certificate of its own stands in.
"""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509.oid import NameOID

from vault import kept_keys

BITS = 3072
VALID_FOR = timedelta(days=397)


class WrongCertificate(ValueError):
    """This certificate does not belong to the key, or cannot be read."""


def sign(name: str, data: bytes) -> bytes:
    """The signature of the data under the private key of this name, made at first use."""
    return _key(name).sign(data, padding.PKCS1v15(), hashes.SHA256())


def verifies(certificate: bytes, data: bytes, signature: bytes) -> bool:
    """Whether the key of this certificate (PEM) signed the data so."""
    key = x509.load_pem_x509_certificate(certificate).public_key()
    assert isinstance(key, RSAPublicKey)
    try:
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def signing_request(name: str, domain: str) -> bytes:
    """What a certificate authority needs to issue a certificate for this key and domain, in PEM."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_called(domain))
    builder = builder.add_extension(_for_domain(domain), critical=False)
    return builder.sign(_key(name), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def own_certificate(name: str, domain: str, *, now: datetime) -> bytes:
    """A certificate that the key signs for itself, in PEM: to try things out until an authority has issued one."""
    key = _key(name)
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(_called(domain))
        .issuer_name(_called(domain))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(_for_domain(domain), critical=False)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def must_match(name: str, certificate: bytes) -> None:
    """Raises `WrongCertificate` unless this certificate (PEM) was issued for the key of this name."""
    try:
        public = x509.load_pem_x509_certificate(certificate).public_key()
    except ValueError:
        raise WrongCertificate("the file holds no certificate in PEM") from None
    if public != _key(name).public_key():
        raise WrongCertificate("the certificate was issued for another key than this installation has")


def _key(name: str) -> RSAPrivateKey:
    # Made here and kept under authenticated encryption: to prove anew that it is a key costs more than to sign with it.
    kept = kept_keys.kept_or_made(name, _made)
    key = serialization.load_der_private_key(kept, password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    return key


def _made() -> bytes:
    return rsa.generate_private_key(65537, BITS).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _called(domain: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain)])


def _for_domain(domain: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(domain)])
