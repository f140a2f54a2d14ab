// Encrypts one interview after the ODK XForms specification ("Encryption") with Java's own ciphers, which that
// specification names its algorithms after. Run once:  java Encrypt.java > interview.json
// It shares nothing with the server's code; the tests read what it wrote.
import java.nio.charset.StandardCharsets;
import java.security.*;
import java.security.spec.MGF1ParameterSpec;
import java.util.*;
import javax.crypto.*;
import javax.crypto.spec.*;

public class Encrypt {
  static final OAEPParameterSpec OAEP =
      new OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT);
  static final String B = "\"";

  static byte[] wrap(PublicKey key, byte[] content) throws Exception {
    Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
    cipher.init(Cipher.ENCRYPT_MODE, key, OAEP);
    return cipher.doFinal(content);
  }

  static String text(byte[] bytes) { return Base64.getEncoder().encodeToString(bytes); }

  static byte[] md5(byte[]... parts) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("MD5");
    for (byte[] part : parts) digest.update(part);
    return digest.digest();
  }

  static String hex(byte[] bytes) {
    StringBuilder written = new StringBuilder();
    for (byte each : bytes) written.append(String.format("%02x", each));
    return written.toString();
  }

  public static void main(String[] arguments) throws Exception {
    KeyPairGenerator maker = KeyPairGenerator.getInstance("RSA");
    maker.initialize(2048);
    KeyPair pair = maker.generateKeyPair();
    byte[] aes = new byte[32];
    new SecureRandom().nextBytes(aes);
    String id = "uuid:5b9cf8d1-106f-4004-844f-c072d76762ed";
    String xml = "<data id='sealed' version='1'><today>2026-03-05</today><person>Secreto de Juana Pérez</person>"
        + "<photo>photo.jpg</photo><meta><instanceID>" + id + "</instanceID></meta></data>";

    // Eighteen files, so that the counter of the vectors goes round.
    LinkedHashMap<String, byte[]> plain = new LinkedHashMap<>();
    plain.put("photo.jpg", new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff, 1, 2, 3});
    for (int n = 1; n < 17; n++) plain.put("file " + n + ".bin", "x".repeat(n * 5 % 33).getBytes(StandardCharsets.UTF_8));
    plain.put("submission.xml", xml.getBytes(StandardCharsets.UTF_8));

    byte[] seed = md5(id.getBytes(StandardCharsets.UTF_8), aes);
    int counter = 0;
    StringBuilder files = new StringBuilder(), media = new StringBuilder();
    String wrapped = text(wrap(pair.getPublic(), aes));
    StringBuilder said = new StringBuilder("sealed\n1\n" + wrapped + "\n" + id + "\n");
    for (Map.Entry<String, byte[]> file : plain.entrySet()) {
      seed[counter % seed.length]++;
      counter++;
      Cipher cipher = Cipher.getInstance("AES/CFB/PKCS5Padding");
      cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(aes, "AES"), new IvParameterSpec(seed));
      String name = file.getKey() + ".enc";
      if (files.length() > 0) files.append(",\n  ");
      files.append(B + name + B + ": " + B + text(cipher.doFinal(file.getValue())) + B);
      if (!file.getKey().equals("submission.xml")) media.append("<media><file>" + name + "</file></media>");
      said.append(file.getKey() + "::" + hex(md5(file.getValue())) + "\n");
    }
    String signature = text(wrap(pair.getPublic(), md5(said.toString().getBytes(StandardCharsets.UTF_8))));
    String manifest = "<data xmlns='http://opendatakit.org/submissions' id='sealed' version='1' encrypted='yes'>"
        + "<base64EncryptedKey>" + wrapped + "</base64EncryptedKey>"
        + "<meta xmlns='http://openrosa.org/xforms'><instanceID>" + id + "</instanceID></meta>" + media
        + "<encryptedXmlFile>submission.xml.enc</encryptedXmlFile>"
        + "<base64EncryptedElementSignature>" + signature + "</base64EncryptedElementSignature></data>";
    System.out.println("{" + B + "public" + B + ": " + B + text(pair.getPublic().getEncoded()) + B + ",\n "
        + B + "private" + B + ": " + B + text(pair.getPrivate().getEncoded()) + B + ",\n "
        + B + "instance" + B + ": " + B + id + B + ",\n "
        + B + "xml" + B + ": " + B + text(xml.getBytes(StandardCharsets.UTF_8)) + B + ",\n "
        + B + "manifest" + B + ": " + B + text(manifest.getBytes(StandardCharsets.UTF_8)) + B + ",\n "
        + B + "files" + B + ": {\n  " + files + "\n }}");
  }
}
