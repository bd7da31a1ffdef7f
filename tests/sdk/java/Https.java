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
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;

/* The SDK's HTTP client over the JDK's, with a client certificate when there is one. */
final class Https {
    private Https() {
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

    static SdkHttpClient client() {
        String ca = System.getenv("KMS_CA");
        if (ca == null)
            return UrlConnectionHttpClient.create();
        try {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            for (Certificate one : certificates(ca))
                trusted.setCertificateEntry("ca" + trusted.size(), one);
            TrustManagerFactory trust = TrustManagerFactory.getInstance(
                TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);

            Certificate[] chain = certificates(System.getenv("KMS_CERT"));
            KeyStore own = KeyStore.getInstance("PKCS12");
            own.load(null, null);
            own.setKeyEntry("own",
                key(System.getenv("KMS_KEY"), chain[0].getPublicKey().getAlgorithm()),
                new char[0], chain);
            KeyManagerFactory keys = KeyManagerFactory.getInstance(
                KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, new char[0]);

            return UrlConnectionHttpClient.builder()
                .tlsTrustManagersProvider(trust::getTrustManagers)
                .tlsKeyManagersProvider(keys::getKeyManagers)
                .build();
        } catch (IOException | GeneralSecurityException problem) {
            throw new IllegalStateException(problem);
        }
    }
}
