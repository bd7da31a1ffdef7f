import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/* The certificates that the environment names, as the JDK wants them. */
final class Tls {
    static final boolean WANTED = System.getenv("KMS_CA") != null;

    private Tls() {
    }

    private static Certificate[] certificates(String path)
            throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(Path.of(path))) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in)
                .toArray(new Certificate[0]);
        }
    }

    private static PrivateKey key(String path, String algorithm)
            throws IOException, GeneralSecurityException {
        String text = Files.readString(Path.of(path)).replaceAll("-----[A-Z ]+-----", "");
        return KeyFactory.getInstance(algorithm).generatePrivate(
            new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(text)));
    }

    /* Trusts the daemon's CA alone. */
    static TrustManager[] trust() {
        try {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            for (Certificate one : certificates(System.getenv("KMS_CA")))
                trusted.setCertificateEntry("ca" + trusted.size(), one);
            TrustManagerFactory factory = TrustManagerFactory.getInstance(
                TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusted);
            return factory.getTrustManagers();
        } catch (IOException | GeneralSecurityException problem) {
            throw new IllegalStateException(problem);
        }
    }

    /* Has the client's certificate and key. */
    static KeyManager[] keys() {
        try {
            Certificate[] chain = certificates(System.getenv("KMS_CERT"));
            KeyStore own = KeyStore.getInstance("PKCS12");
            own.load(null, null);
            own.setKeyEntry("own",
                key(System.getenv("KMS_KEY"), chain[0].getPublicKey().getAlgorithm()),
                new char[0], chain);
            KeyManagerFactory factory = KeyManagerFactory.getInstance(
                KeyManagerFactory.getDefaultAlgorithm());
            factory.init(own, new char[0]);
            return factory.getKeyManagers();
        } catch (IOException | GeneralSecurityException problem) {
            throw new IllegalStateException(problem);
        }
    }
}
