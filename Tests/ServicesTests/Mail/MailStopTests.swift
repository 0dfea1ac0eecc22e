import Billing
import Logging
import Testing

@testable import Endpoints
@testable import Mail

/// A mail client that is told to stop does not wait for a server that says nothing.
@Suite(.timeLimit(.minutes(3))) struct MailStopTests {
  typealias Server = ScriptedSMTPServer

  private static func mail(_ number: Int) -> OutgoingMail {
    OutgoingMail(
      from: "billing@example.com", to: "customer-\(number)@example.org", toName: "Customer",
      subject: "Your invoice", messageID: "invoice-\(number)@test", text: "Hello\n",
      html: "<p>Hello</p>\n", date: Instant(milliseconds: 1_796_090_400_000))
  }

  private func pool(_ server: Server) throws -> SMTPPool {
    SMTPPool(
      server: try #require(ServerURL(server.url)), connections: 2,
      timeouts: .init(connectMilliseconds: 60_000, mailMilliseconds: 60_000),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  @Test(arguments: [Server.Step.greeting, .hello, .mail, .recipient, .data, .end])
  func `Cancelled send is answered soon`(_ step: Server.Step) async throws {
    let server = Server { at, _ in at == step ? .silence : nil }
    defer { server.stop() }
    let pool = try pool(server)
    let sending = Task { await pool.send((0..<40).map(Self.mail)) }
    while !server.seen.steps.contains(step) { try await Task.sleep(for: .milliseconds(10)) }
    let start = ContinuousClock.now
    sending.cancel()
    let answers = await sending.value
    await pool.shutdown()
    #expect(ContinuousClock.now - start < .seconds(30))
    let uncertain = answers.filter { if case .uncertain = $0 { true } else { false } }.count
    let later = answers.filter { if case .notSent = $0 { true } else { false } }.count
    // Of what left whole nobody knows; everything else was not sent.
    #expect(uncertain == (step == .end ? server.seen.mails.count : 0))
    #expect(uncertain + later == 40)
  }

  /// A server that says nothing to our farewell.
  @Test func `Farewell is short`() async throws {
    let server = Server { step, _ in step == .quit ? .silence : nil }
    defer { server.stop() }
    let pool = try pool(server)
    #expect(await pool.send([Self.mail(1)]) == [.accepted])
    let start = ContinuousClock.now
    await pool.shutdown()
    #expect(server.seen.steps.last == .quit)
    #expect(ContinuousClock.now - start < .seconds(30))
  }
}
