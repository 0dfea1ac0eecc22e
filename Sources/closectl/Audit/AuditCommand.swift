import ArgumentParser
import Billing
import Operations

struct AuditCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Prove a close: compare the ledger, payment gateway, mails and queues.",
    discussion: """
      Prints one line per invariant: what was compared, how many, and the ids that do not agree. \
      Changes nothing. Exits 1 if an invariant does not hold, 3 if the gateway or the broker \
      cannot be reached.

      Example:
        closectl audit 2026-11 --deep
        closectl audit 2026-11 --certificate 2026-11.certificate.json
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod

  @Flag(
    help: """
      Also read every message in the queues. Each message is returned to its place afterwards, and \
      its delivery count goes up by one.
      """)
  var deep = false

  @Option(
    help: ArgumentHelp(
      "Also compare the delivered mails in this Maildir.", valueName: "folder"))
  var mailbox: String?

  @Option(
    help: ArgumentHelp(
      "If everything holds, write a certificate here. The same position gives the same bytes.",
      valueName: "file"))
  var certificate: String?

  @Option(
    help: ArgumentHelp(
      "The ledger position the certificate covers. Default: the newest.",
      valueName: "number"))
  var position: Int64?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if let position {
      guard certificate != nil else { throw ValidationError("--position needs --certificate") }
      guard position >= 0 else { throw ValidationError("--position must not be below 0") }
    }
  }

  func perform(in session: Session) async throws -> CommandOutput {
    await session.readOnly()
    let period = try named.period(at: session.clock.now())
    if let certificate { try OutputFile.check(certificate) }
    let mails = try mailbox.map(Maildir.init)
    var delivered: (@Sendable () async throws -> [String])?
    if let mails { delivered = { try mails.messageIDs() } }
    let ledger = try await session.store()
    let gateway = try await session.gateway()
    let report: AuditReport
    do {
      let sources = AuditSources(
        ledger: ledger, gateway: gateway, broker: try await session.broker(), deep: deep,
        deliveredMails: delivered,
        retryDelays: session.settings.retryDelays, clock: session.clock)
      report = try await Audit(sources).run(period)
    } catch {
      await gateway.shutdown()
      throw error
    }
    await gateway.shutdown()
    var document = AuditDocument(report)
    if let certificate { document.note(try await certify(report, certificate, in: session)) }
    return document.answer(style: session.output.style)
  }

  private func certify(
    _ report: AuditReport, _ file: String, in session: Session
  ) async throws -> AuditDocument.Written {
    do {
      let made = try await Certificate.make(
        of: report, from: session.store(), at: position)
      let output = try OutputFile(file)
      try output.write(made.bytes)
      try output.finish()
      return .written(file)
    } catch let fault as AuditFault {
      if case .positionAhead = fault { throw fault }
      return .refused("\(fault)")
    }
  }
}
