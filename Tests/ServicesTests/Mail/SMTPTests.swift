import Billing
import CCurl
import Logging
import Synchronization
import Testing

@testable import Endpoints
@testable import Mail

@Suite(.timeLimit(.minutes(2))) struct SMTPTests {
  typealias Server = ScriptedSMTPServer
  private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private static func mail(_ number: Int = 1, to: String? = nil) -> OutgoingMail {
    OutgoingMail(
      from: "Example Cloud <billing@example.com>", to: to ?? "customer-\(number)@example.org",
      toName: "Customer \(number)", subject: "Your invoice", messageID: "invoice-\(number)@test",
      text: "Hello,\n.a line with a dot\n", html: "<p>Hello</p>\n",
      date: Instant(milliseconds: 1_796_090_400_000))
  }

  /// Runs against a pool, which is always shut down.
  private func answers(
    _ mails: [OutgoingMail], url: String, connections: Int = 1,
    timeouts: SMTPTimeouts = .init()
  ) async throws -> [MailAnswer] {
    let server = try #require(ServerURL(url))
    let pool = SMTPPool(
      server: server, connections: connections, timeouts: timeouts, logger: Self.silent)
    let answers = await pool.send(mails)
    await pool.shutdown()
    return answers
  }

  private func answer(_ script: @escaping @Sendable (Server.Step, String) -> Server.Action?)
    async throws -> MailAnswer
  {
    let server = Server(script: script)
    defer { server.stop() }
    return try await answers([Self.mail()], url: server.url)[0]
  }

  // MARK: Outcomes

  static let replies: [(Server.Step, String, MailAnswer)] = [
    (.greeting, "554 go away", .away("")), (.greeting, "421 too busy", .away("")),
    (.mail, "451 later", .denied("451 to MAIL")),
    (.mail, "550 not you", .denied("550 to MAIL")),
    (.mail, "530 log in first", .away("the mail server requires a login: 530 to MAIL")),
    (.mail, "552 too large", .later("552 to MAIL")),
    (.recipient, "450 greylisted", .later("450 to RCPT")),
    (.recipient, "550 no such customer-1@example.org", .later("550 to RCPT")),
    (.recipient, "550 5.1.1 no such customer-1@example.org", .refused("550 5.1.1 to RCPT")),
    (.recipient, "550-5.1.1 no such\r\n550 5.1.1 mailbox", .refused("550 5.1.1 to RCPT")),
    (.recipient, "554 5.7.1 relay access denied", .denied("554 5.7.1 to RCPT")),
    (.recipient, "452 4.2.2 mailbox full", .later("452 4.2.2 to RCPT")),
    (.data, "452 disk full", .later("452 to DATA")), (.data, "554 no", .denied("554 to DATA")),
    (.data, "550 5.4.5 daily quota", .denied("550 5.4.5 to DATA")),
    (.end, "451 try later", .later("451 to the end of the mail")),
    (.end, "550 spam", .denied("550 to the end of the mail")),
    (.end, "550 5.1.1 no such mailbox", .refused("550 5.1.1 to the end of the mail")),
    (.end, "250 queued", .accepted),
  ]

  @Test(arguments: replies)
  func `Replies become answers`(
    _ step: Server.Step, _ reply: String, _ expected: MailAnswer
  ) async throws {
    let answer = try await answer { at, _ in at == step ? .reply(reply) : nil }
    if expected == .away("") {
      guard case .away = answer else { return #expect(answer == expected) }
    } else {
      #expect(answer == expected)
    }
  }

  @Test func `A cut after the final dot is uncertain`() async throws {
    let answer = try await answer { step, _ in step == .end ? .hangUp : nil }
    guard case .uncertain = answer else { return #expect(answer == .uncertain("")) }
  }

  @Test func `Silence after the final dot is uncertain`() async throws {
    let server = Server { step, _ in step == .end ? .silence : nil }
    defer { server.stop() }
    let answer = try await answers(
      [Self.mail()], url: server.url, timeouts: .init(mailMilliseconds: 300))[0]
    guard case .uncertain = answer else { return #expect(answer == .uncertain("")) }
    #expect(server.seen.mails.count == 1)
  }

  @Test(arguments: [Server.Step.greeting, .hello, .mail, .recipient, .data])
  func `A cut before the mail is sent is for later`(_ at: Server.Step) async throws {
    let answer = try await answer { step, _ in step == at ? .hangUp : nil }
    guard case .away = answer else { return #expect(answer == .away("")) }
  }

  @Test func `A server that never greets is for later`() async throws {
    let server = Server { _, _ in .silence }
    defer { server.stop() }
    let answers = try await answers(
      [Self.mail(1), Self.mail(2)], url: server.url, timeouts: .init(mailMilliseconds: 200))
    #expect(answers.allSatisfy { if case .away = $0 { true } else { false } })
    #expect(server.seen.connections == 1, "the second mail does not wait as long again")
  }

  @Test func `Nobody there is for later and names the place`() async throws {
    let port = Server.freePort()
    let answers = try await answers([Self.mail()], url: "smtp://127.0.0.1:\(port)")
    guard case .away(let why) = answers[0] else { return #expect(answers == []) }
    #expect(why.hasPrefix("the mail server 127.0.0.1:\(port) could not be used: "))
  }

  @Test(arguments: [
    "", "customer", "a b@example.org", "a@b@c", "a@exa mple.org", "a@example.org\r\nRCPT TO:<x@y>",
    "a@b\n", "<a@example.org>", "a@-example.org", "a..b@example.org", "ä@example.org", "a@",
    String(repeating: "a", count: 65) + "@example.org",
    "a@" + String(repeating: "b.", count: 130) + "org",
  ])
  func `What is no address is refused without asking the server`(_ address: String) async throws {
    let server = Server()
    defer { server.stop() }
    let answers = try await answers([Self.mail(to: address)], url: server.url)
    #expect(answers == [.refused("the address is not valid")])
    #expect(server.seen.connections == 0)
  }

  /// What the import accepts: see `AccountTableTests`.
  @Test(arguments: [
    "a@b.ch", "first.last+tag@sub.example.com", "o'brien@example.com", "A@EXAMPLE.COM",
    "!#$%&'*+-/=?^_`{|}~@example.com", "a%b.example@c.ch", "user!host@example.com", "-a@b.ch",
    "\(String(repeating: "a", count: 64))@example.com", "a@\(String(repeating: "b", count: 63)).ch",
    "a@\(String(repeating: "b.", count: 124))org", "a@xn--r8jz45g.jp", "a@xn--exmple-cua.ch",
    "a@1.2.3.4", "a@b.123", "a@b-c.ch",
  ])
  func `What is an address reaches the server as it is`(_ address: String) async throws {
    let lines = Mutex<[String]>([])
    let server = Server { step, line in
      if step == .recipient { lines.withLock { $0.append(line) } }
      return nil
    }
    defer { server.stop() }
    #expect(EmailAddress(address)?.text == address)
    #expect(try await answers([Self.mail(to: address)], url: server.url) == [.accepted])
    #expect(lines.withLock { $0 } == ["RCPT TO:<\(address)>"])
  }

  // MARK: Connections

  @Test func `One connection carries many mails`() async throws {
    let server = Server()
    defer { server.stop() }
    let answers = try await answers((0..<200).map { Self.mail($0) }, url: server.url)
    #expect(answers == Array(repeating: .accepted, count: 200))
    #expect(server.seen.connections == 1 && server.seen.mails.count == 200)
  }

  @Test func `Answers come in the order of the mails`() async throws {
    let server = Server { step, line in
      step == .recipient && line.contains("7@") ? .reply("550 5.1.1 no") : nil
    }
    defer { server.stop() }
    let answers = try await answers(
      (0..<600).map { Self.mail($0) }, url: server.url, connections: 4)
    for (number, answer) in answers.enumerated() {
      #expect(answer == (number % 10 == 7 ? .refused("550 5.1.1 to RCPT") : .accepted))
    }
    #expect(server.seen.mails.count == 540)
  }

  @Test func `A connection the server closed is replaced`() async throws {
    let server = Server { step, _ in step == .end ? .replyAndHangUp("250 ok") : nil }
    defer { server.stop() }
    let answers = try await answers((0..<20).map { Self.mail($0) }, url: server.url)
    #expect(answers == Array(repeating: .accepted, count: 20))
    #expect(server.seen.connections == 20 && server.seen.mails.count == 20)
  }

  @Test func `A connection the server took leave of is replaced`() async throws {
    let mails = Mutex(0)
    let server = Server { step, _ in
      guard step == .mail else { return nil }
      let number = mails.withLock { count in
        count += 1
        return count
      }
      return number.isMultiple(of: 2) ? .replyAndHangUp("421 idle too long") : nil
    }
    defer { server.stop() }
    let answers = try await answers((0..<20).map { Self.mail($0) }, url: server.url)
    #expect(answers == Array(repeating: .accepted, count: 20))
    #expect(server.seen.connections == 20)
  }

  @Test func `After shutdown mails are for later`() async throws {
    let server = Server()
    defer { server.stop() }
    let mailServer = try MailServer.smtp(
      url: server.url, connections: 2, logger: Self.silent)
    #expect(await mailServer.send([]) == [])
    #expect(await mailServer.send([Self.mail()]) == [.accepted])
    await mailServer.shutdown()
    await mailServer.shutdown()
    #expect(await mailServer.send([Self.mail()]) == [.notSent("the mail client is stopping")])
  }

  @Test func `Shutdown lets the mail in hand finish and answers the others`() async throws {
    let server = Server()
    defer { server.stop() }
    let mailServer = try MailServer.smtp(
      url: server.url, connections: 1, logger: Self.silent)
    let sending = Task { await mailServer.send((0..<2000).map { Self.mail($0) }) }
    while server.seen.mails.isEmpty { await Task.yield() }
    await mailServer.shutdown()
    let answers = await sending.value
    let accepted = answers.filter { $0 == .accepted }.count
    #expect(answers.count == 2000 && accepted == server.seen.mails.count)
    #expect(
      answers.filter { $0 == .notSent("the mail client is stopping") }.count == 2000 - accepted)
  }

  // MARK: Login and TLS

  @Test func `User and password are decoded`() async throws {
    let server = Server()
    defer { server.stop() }
    let url = "smtp://mailer%40example.com:p%3Aw%2F@127.0.0.1:\(server.port)"
    #expect(try await answers([Self.mail()], url: url) == [.accepted])
    // "\0mailer@example.com\0p:w/"
    #expect(server.seen.logins == ["AUTH PLAIN AG1haWxlckBleGFtcGxlLmNvbQBwOncv"])
  }

  @Test func `A refused login is no fault of the mail`() async throws {
    let server = Server { step, _ in step == .login ? .reply("535 wrong") : nil }
    defer { server.stop() }
    let url = "smtp://u:hunter2@127.0.0.1:\(server.port)"
    let answers = try await answers([Self.mail(1), Self.mail(2)], url: url)
    let expected = "the mail server 127.0.0.1:\(server.port) rejects the login: 535"
    #expect(answers == [.away(expected), .away(expected)])
    #expect(server.seen.logins.count == 1, "a wrong password is not tried for every mail")
  }

  @Test(arguments: [
    ("smtp://127.0.0.1:25", false, CURLUSESSL_NONE),
    ("smtp://u:p@localhost:25", false, CURLUSESSL_NONE),
    ("smtp://u:p@mail.example.com:587", false, CURLUSESSL_ALL),
    ("smtp://mail.example.com", false, CURLUSESSL_ALL),
    ("smtp://127.mail.example.com", false, CURLUSESSL_ALL),
    ("smtp://mail.example.com", true, CURLUSESSL_TRY),
    ("smtp://u:p@mail.example.com:587", true, CURLUSESSL_ALL),
  ])
  func `Mails leave the machine encrypted unless allowed; passwords always`(
    _ url: String, _ allowsPlaintext: Bool, _ expected: curl_usessl
  ) throws {
    let trust = SMTPTrust(allowsPlaintext: allowsPlaintext)
    #expect(SMTPConnection.encryption(for: try #require(ServerURL(url)), trust) == expected)
  }

  @Test func `A file without certificates is named`() throws {
    #expect(throws: MailServerError.badCAFile("/etc/hostname")) {
      try MailServer.smtp(
        url: "smtps://h", caFile: "/etc/hostname", connections: 1, logger: Logger(label: "test"))
    }
  }

  @Test(arguments: ["http://h", "smtp://", "smtp:h", "smtp://u:hunter2@h:99999"])
  func `Unusable UR ls are named without their password`(_ url: String) throws {
    let error = try #require(throws: MailServerError.self) {
      try MailServer.smtp(url: url, connections: 1, logger: Logger(label: "test"))
    }
    #expect(!"\(error)".contains("hunter2"))
  }
}
