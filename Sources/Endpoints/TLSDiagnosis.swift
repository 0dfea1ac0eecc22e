import CCurl
import Glibc

/// Why a TLS connection cannot be established, in words for people. They come from libcurl; the
/// HTTP client only reports that a handshake failed.
public enum TLSDiagnosis {
  /// `nil` if the handshake succeeds, or fails for a reason other than TLS.
  public static func problem(url: String, caFile: String?) async -> String? {
    await withCheckedContinuation { continuation in
      // libcurl blocks, and Swift's shared threads must not.
      DedicatedThread.start { continuation.resume(returning: look(url, caFile)) }
    }
  }

  /// What libcurl's result and words say about TLS; `nil` if they are about something else.
  public static func problem(_ result: CURLcode, _ words: String) -> String? {
    switch result {
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_USE_SSL_FAILED:
      if words.contains("wrong version number") || words.contains("packet length") {
        return "it does not use TLS on that port"
      }
      let text = words.isEmpty ? String(cString: curl_easy_strerror(result)) : words
      return text.replacing("SSL certificate problem: ", with: "its certificate: ")
        .replacing("SSL: no alternative", with: "its certificate: no alternative")
    default: return nil
    }
  }

  /// A file that can be read and has at least one certificate in PEM.
  public static func isCertificateFile(_ path: String) -> Bool {
    guard let file = fopen(path, "re") else { return false }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      if strncmp(line, "-----BEGIN ", 11) == 0, strstr(line, "CERTIFICATE") != nil { return true }
    }
    return false
  }

  private static func look(_ url: String, _ caFile: String?) -> String? {
    LibCurl.isReady
    guard let curl = curl_easy_init() else { return nil }
    defer { curl_easy_cleanup(curl) }
    let words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    defer { words.deallocate() }
    words[0] = 0
    // If libcurl lacks an option, the result of the handshake shows it.
    _ = url.withCString { mc_setopt_pointer(curl, CURLOPT_URL, $0) }
    _ = caFile?.withCString { mc_setopt_pointer(curl, CURLOPT_CAINFO, $0) }
    for (option, value) in [
      (CURLOPT_CONNECT_ONLY, 1), (CURLOPT_NOSIGNAL, 1), (CURLOPT_SSL_VERIFYPEER, 1),
      (CURLOPT_SSL_VERIFYHOST, 2), (CURLOPT_CONNECTTIMEOUT_MS, 5_000), (CURLOPT_TIMEOUT_MS, 5_000),
      (CURLOPT_CA_CACHE_TIMEOUT, 0),
    ] { _ = mc_setopt_long(curl, option, value) }
    _ = mc_setopt_pointer(curl, CURLOPT_ERRORBUFFER, words)
    let result = curl_easy_perform(curl)
    return problem(result, String(cString: words))
  }
}

public enum LibCurl {
  /// Once per process, before the first call.
  public static let isReady: Void = {
    ProcessSignals.ignoreBrokenPipes()
    curl_global_init(Int(CURL_GLOBAL_DEFAULT))
  }()
}
