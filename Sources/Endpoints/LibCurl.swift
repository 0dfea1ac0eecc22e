import CCurl

public enum LibCurl {
  /// Once per process, before the first call.
  public static let isReady: Void = {
    ProcessSignals.ignoreBrokenPipes()
    curl_global_init(Int(CURL_GLOBAL_DEFAULT))
  }()
}
