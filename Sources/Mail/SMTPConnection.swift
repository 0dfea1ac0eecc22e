import Billing
import CCurl
import Dispatch
import Endpoints
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
  private let replies = SMTPReplies()
  /// A server that refused a mail may still be in the middle of it, so the next one starts afresh.
  private var isUnclean = false
  private var down: (until: ContinuousClock.Instant, answer: MailAnswer)?
  /// All mails of a service have the same.
  private var lastSender: (text: String, mailbox: Mailbox)?

  /// For a moment after a failed connect, callers do not wait for the next one to fail.
  private static let downTime = Duration.seconds(1)

  init(server: ServerURL, trust: SMTPTrust, timeouts: SMTPTimeouts, logger: Logger) {
    guard let curl = curl_easy_init() else { preconditionFailure("no memory for libcurl") }
    self.curl = OpaquePointer(curl)
    self.server = server
    self.trust = trust
    self.timeouts = timeouts
    self.logger = logger
    configure()
  }

  /// Says goodbye to the server; libcurl would wait two minutes for its answer.
  func close() {
    let socket = openSocket ?? -1
    let queue = DispatchQueue(label: "month-close.mail.farewell")
    let end = DispatchWorkItem { _ = shutdown(socket, Int32(SHUT_RDWR)) }
    queue.asyncAfter(deadline: .now() + 1, execute: end)
    curl_easy_cleanup(UnsafeMutableRawPointer(curl))
    end.cancel()
    queue.sync { _ = Glibc.close(socket) }
    errorText.deallocate()
  }

  /// A second descriptor: libcurl closes its own at any time.
  private var openSocket: CInt? {
    var socket = curl_socket_t(-1)
    checked(mc_getinfo_socket(UnsafeMutableRawPointer(curl), CURLINFO_ACTIVESOCKET, &socket))
    let second = socket < 0 ? -1 : fcntl(socket, F_DUPFD_CLOEXEC, 0)
    return second < 0 ? nil : second
  }

  /// `isGivenUp` is called about once a second while waiting for the server.
  func deliver(
    _ mail: OutgoingMail, unless isGivenUp: @escaping () -> Bool = { false }
  ) -> MailAnswer {
    if isGivenUp() { return SMTPPool.stopping }
    upload.isGivenUp = isGivenUp
    guard let to = EmailAddress(mail.to) else {
      return .refused("the address is not valid")
    }
    guard let from = sender(mail.from) else { return .away("the sender is not a valid address") }
    if let down, ContinuousClock.now < down.until { return down.answer }
    var exchange = exchange(mail, from: from, to: to, isFresh: isUnclean)
    if exchange.isStaleConnection {
      exchange = self.exchange(mail, from: from, to: to, isFresh: true)
    }
    let answer = exchange.answer(server: place)
    isUnclean = answer != .accepted
    note(answer, isDown: exchange.isServerDown)
    return answer
  }

  /// Everything that precedes a mail, and `NOOP` instead of the mail. Returns the failure, or
  /// `nil`.
  func greet() -> String? {
    LibCurl.isReady
    errorText[0] = 0
    set(CURLOPT_UPLOAD, 0)
    set(CURLOPT_NOBODY, 1)
    set(CURLOPT_CUSTOMREQUEST, "NOOP")
    let result = curl_easy_perform(UnsafeMutableRawPointer(curl))
    let exchange = SMTPExchange(
      result: result, reply: info(CURLINFO_RESPONSE_CODE), lastReply: nil, isSent: false,
      isReused: false, detail: String(cString: errorText))
    switch exchange.answer(server: place) {
    case .accepted, .uncertain: return nil
    case .refused(let why), .later(let why), .denied(let why), .away(let why), .notSent(let why):
      return why
    }
  }

  private func sender(_ text: String) -> Mailbox? {
    if let lastSender, lastSender.text == text { return lastSender.mailbox }
    guard let mailbox = Mailbox(text) else { return nil }
    lastSender = (text, mailbox)
    return mailbox
  }

  private var place: String { "\(server.host):\(server.port ?? server.defaultPort)" }

  private func note(_ answer: MailAnswer, isDown: Bool) {
    guard isDown else {
      down = nil
      return
    }
    down = (.now + Self.downTime, answer)
  }

  private func exchange(
    _ mail: OutgoingMail, from: Mailbox, to: EmailAddress, isFresh: Bool
  ) -> SMTPExchange {
    replies.begin()
    upload.begin(MailMessage.bytes(of: mail, from: from, to: to))
    errorText[0] = 0
    let recipients = curl_slist_append(nil, "<\(to.text)>")
    defer { curl_slist_free_all(recipients) }
    set(CURLOPT_MAIL_FROM, "<\(from.address.text)>")
    set(CURLOPT_MAIL_RCPT, recipients)
    set(CURLOPT_FRESH_CONNECT, isFresh ? 1 : 0)
    checked(
      mc_setopt_offset(
        UnsafeMutableRawPointer(curl), CURLOPT_INFILESIZE_LARGE, curl_off_t(upload.count)))
    let result = curl_easy_perform(UnsafeMutableRawPointer(curl))
    let reply = info(CURLINFO_RESPONSE_CODE)
    return SMTPExchange(
      result: result, reply: reply, lastReply: replies.last(of: reply),
      isSent: upload.isRead && sentBytes >= upload.count,
      isReused: info(CURLINFO_NUM_CONNECTS) == 0, detail: String(cString: errorText),
      systemError: result == CURLE_COULDNT_CONNECT ? Int32(info(CURLINFO_OS_ERRNO)) : 0)
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
    set(CURLOPT_HEADERDATA, Unmanaged.passUnretained(replies).toOpaque())
    checked(
      mc_setopt_transfer(UnsafeMutableRawPointer(curl), CURLOPT_HEADERFUNCTION) {
        line, size, count, context in
        Unmanaged<SMTPReplies>.fromOpaque(context!).takeUnretainedValue()
          .heard(UnsafeRawBufferPointer(start: line, count: size * count))
        return size * count
      })
    set(CURLOPT_NOPROGRESS, 0)
    set(CURLOPT_XFERINFODATA, Unmanaged.passUnretained(upload).toOpaque())
    checked(
      mc_setopt_progress(UnsafeMutableRawPointer(curl), CURLOPT_XFERINFOFUNCTION) {
        context, _, _, _, _ in
        // Anything but 0 aborts the transfer.
        Unmanaged<SMTPUpload>.fromOpaque(context!).takeUnretainedValue().isGivenUp() ? 1 : 0
      })
    checked(
      mc_setopt_transfer(UnsafeMutableRawPointer(curl), CURLOPT_READFUNCTION) {
        buffer, size, count, context in
        let upload = Unmanaged<SMTPUpload>.fromOpaque(context!).takeUnretainedValue()
        return upload.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
      })
  }

  /// To other machines, TLS is required. Where plaintext is allowed, TLS is used if the server
  /// offers it; a login is never sent without it.
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

  /// An option fails only if libcurl lacks it or is out of memory: there is no way to continue.
  private func checked(_ code: CURLcode) {
    precondition(code == CURLE_OK, "libcurl rejects an option: code \(code.rawValue)")
  }
}

extension ServerURL {
  fileprivate var defaultPort: Int { scheme == "smtps" ? 465 : 25 }
}

/// Which authorities must have issued the mail server's certificate, and whether TLS is optional.
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

/// The codes of the server's refusals of the mail in hand. Their words are not kept.
final class SMTPReplies {
  private var replies: [SMTPReply] = []

  func begin() { replies = [] }

  func heard(_ line: UnsafeRawBufferPointer) {
    guard line.first == UInt8(ascii: "4") || line.first == UInt8(ascii: "5"),
      let reply = SMTPReply(line: line)
    else { return }
    replies.append(reply)
  }

  /// The last line with this code, if it is a refusal; of a reply of several lines each has the
  /// same.
  func last(of code: Int) -> SMTPReply? { replies.last { $0.code == code } }
}

/// The bytes of the mail in hand, as libcurl asks for them.
final class SMTPUpload {
  private var bytes: [UInt8] = []
  private var next = 0
  /// The caller no longer waits for the mail to be sent.
  var isGivenUp: () -> Bool = { false }

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
