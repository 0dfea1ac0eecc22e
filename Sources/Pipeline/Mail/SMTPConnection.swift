import CCurl
import Glibc
import Logging

/// One connection to the mail server: a libcurl handle, which belongs to the thread that made it.
/// The connection behind it is opened when first needed and used again for mail after mail.
final class SMTPConnection {
  private let curl: OpaquePointer
  private let server: ServerURL
  private let trust: SMTPTrust
  private let timeouts: SMTPTimeouts
  private let logger: Logger
  private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
  private let upload = SMTPUpload()
  /// A server that said no may still be in the middle of that mail: the next one starts anew.
  private var isUnclean = false
  private var down: (until: ContinuousClock.Instant, answer: MailAnswer)?

  /// For a moment after a failed connect nobody is kept waiting for the next one to fail.
  private static let downTime = Duration.seconds(1)

  /// Once per process: libcurl, and no death by writing to a closed connection.
  static let prepareProcess: Void = {
    signal(SIGPIPE, SIG_IGN)
    curl_global_init(Int(CURL_GLOBAL_DEFAULT))
  }()

  init(server: ServerURL, trust: SMTPTrust, timeouts: SMTPTimeouts, logger: Logger) {
    guard let curl = curl_easy_init() else { preconditionFailure("no memory for libcurl") }
    self.curl = OpaquePointer(curl)
    self.server = server
    self.trust = trust
    self.timeouts = timeouts
    self.logger = logger
    configure()
  }

  func close() {
    curl_easy_cleanup(UnsafeMutableRawPointer(curl))
    errorText.deallocate()
  }

  func deliver(_ mail: OutgoingMail) -> MailAnswer {
    guard Mailbox.isAddress(mail.to) else { return .refused("the address is not a valid one") }
    guard let from = Mailbox(mail.from) else { return .later("the sender is not a valid address") }
    if let down, ContinuousClock.now < down.until { return down.answer }
    var exchange = exchange(mail, from: from, isFresh: isUnclean)
    if exchange.isStaleConnection { exchange = self.exchange(mail, from: from, isFresh: true) }
    let answer = exchange.answer(server: "\(server.host):\(server.port ?? server.defaultPort)")
    isUnclean = answer != .accepted
    note(answer, isDown: exchange.isServerDown)
    return answer
  }

  private func note(_ answer: MailAnswer, isDown: Bool) {
    guard isDown, case .later(let why) = answer else {
      down = nil
      return
    }
    if down == nil { logger.warning("mail waits", metadata: ["why": "\(why)"]) }
    down = (.now + Self.downTime, answer)
  }

  private func exchange(_ mail: OutgoingMail, from: Mailbox, isFresh: Bool) -> SMTPExchange {
    upload.begin(MailMessage.bytes(of: mail, from: from))
    errorText[0] = 0
    let recipients = curl_slist_append(nil, "<\(mail.to)>")
    defer { curl_slist_free_all(recipients) }
    set(CURLOPT_MAIL_FROM, "<\(from.address)>")
    set(CURLOPT_MAIL_RCPT, recipients)
    set(CURLOPT_FRESH_CONNECT, isFresh ? 1 : 0)
    checked(
      mc_setopt_offset(
        UnsafeMutableRawPointer(curl), CURLOPT_INFILESIZE_LARGE, curl_off_t(upload.count)))
    let result = curl_easy_perform(UnsafeMutableRawPointer(curl))
    return SMTPExchange(
      result: result, reply: info(CURLINFO_RESPONSE_CODE),
      isSent: upload.isRead && sentBytes >= upload.count,
      isReused: info(CURLINFO_NUM_CONNECTS) == 0, detail: String(cString: errorText))
  }
}

// MARK: libcurl

extension SMTPConnection {
  private func configure() {
    let host = server.host.contains(":") ? "[\(server.host)]" : server.host
    set(CURLOPT_URL, "\(server.scheme)://\(host):\(server.port ?? server.defaultPort)")
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_CONNECTTIMEOUT_MS, timeouts.connectMilliseconds)
    set(CURLOPT_TIMEOUT_MS, timeouts.mailMilliseconds)
    set(CURLOPT_SSL_VERIFYPEER, 1)
    set(CURLOPT_SSL_VERIFYHOST, 2)
    set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    set(CURLOPT_USE_SSL, Int(Self.encryption(for: server, trust).rawValue))
    if let caFile = trust.caFile { set(CURLOPT_CAINFO, caFile) }
    // Read again for each handshake: a renewed file counts at once.
    set(CURLOPT_CA_CACHE_TIMEOUT, 0)
    if let user = server.user {
      set(CURLOPT_USERNAME, user)
      set(CURLOPT_PASSWORD, server.password ?? "")
    }
    set(CURLOPT_UPLOAD, 1)
    set(CURLOPT_ERRORBUFFER, errorText)
    set(CURLOPT_READDATA, Unmanaged.passUnretained(upload).toOpaque())
    checked(
      mc_setopt_transfer(UnsafeMutableRawPointer(curl), CURLOPT_READFUNCTION) {
        buffer, size, count, context in
        let upload = Unmanaged<SMTPUpload>.fromOpaque(context!).takeUnretainedValue()
        return upload.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
      })
  }

  /// Off this machine TLS or nothing. Where plaintext is allowed, TLS if the server offers it; a
  /// login never goes without.
  static func encryption(for server: ServerURL, _ trust: SMTPTrust) -> curl_usessl {
    if server.isLoopback { return CURLUSESSL_NONE }
    return server.user == nil && trust.allowsPlaintext ? CURLUSESSL_TRY : CURLUSESSL_ALL
  }

  private func set(_ option: CURLoption, _ value: Int) {
    checked(mc_setopt_long(UnsafeMutableRawPointer(curl), option, value))
  }

  /// libcurl copies strings.
  private func set(_ option: CURLoption, _ value: String) {
    checked(value.withCString { mc_setopt_pointer(UnsafeMutableRawPointer(curl), option, $0) })
  }

  private func set(_ option: CURLoption, _ value: UnsafeRawPointer?) {
    checked(mc_setopt_pointer(UnsafeMutableRawPointer(curl), option, value))
  }

  private func info(_ info: CURLINFO) -> Int {
    var value = 0
    checked(mc_getinfo_long(UnsafeMutableRawPointer(curl), info, &value))
    return value
  }

  private var sentBytes: Int {
    var value: curl_off_t = 0
    checked(mc_getinfo_offset(UnsafeMutableRawPointer(curl), CURLINFO_SIZE_UPLOAD_T, &value))
    return Int(value)
  }

  /// An option fails only when libcurl lacks it or memory is out: nothing to go on with.
  private func checked(_ code: CURLcode) {
    precondition(code == CURLE_OK, "libcurl refuses an option: code \(code.rawValue)")
  }
}

extension ServerURL {
  fileprivate var defaultPort: Int { scheme == "smtps" ? 465 : 25 }
}

/// Whom the mail server's certificate has to come from, and whether it may have none.
struct SMTPTrust: Sendable {
  /// `nil`: the system's authorities.
  var caFile: String?
  var allowsPlaintext = false
}

struct SMTPTimeouts: Sendable {
  var connectMilliseconds = 5000
  /// From the first command of a mail, connecting included, to the answer to its end.
  var mailMilliseconds = 30_000
}

/// The bytes of the mail in hand, as libcurl asks for them.
final class SMTPUpload {
  private var bytes: [UInt8] = []
  private var next = 0

  var count: Int { bytes.count }
  var isRead: Bool { next == bytes.count }

  func begin(_ bytes: [UInt8]) {
    self.bytes = bytes
    next = 0
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, bytes.count - next)
    buffer.copyBytes(from: bytes[next..<(next + count)])
    next += count
    return count
  }
}
