import ArgumentParser
import Billing
import Ledger
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
    return document.output(style: session.output.style)
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

/// An audit's answer, in the shape that other people's scripts read.
struct AuditDocument: Encodable {
  struct Line: Encodable {
    var invariant: String
    var rule: String
    /// `holds`, `broken`, `attention`, `notChecked`
    var verdict: String
    var compared: Int
    var summary: String
    /// The first 20.
    var offending: [String]
    var offendingTotal: Int
  }

  enum Written {
    case written(String)
    case refused(String)
  }

  var period: String
  var state: String
  var position: Int64
  /// Nothing was in progress during the audit.
  var quiet: Bool
  var ok: Bool
  var invariants: [Line]
  /// The file that was written.
  var certificate: String?
  /// Why none was written.
  var certificateRefused: String?

  init(_ report: AuditReport) {
    period = report.period.description
    state = report.state.rawValue
    position = report.position
    quiet = report.isQuiet
    ok = report.isOK
    invariants = report.findings.map { finding in
      Line(
        invariant: finding.invariant.rawValue, rule: finding.invariant.rule,
        verdict: finding.verdict.rawValue, compared: finding.compared, summary: finding.summary,
        offending: finding.violations.ids, offendingTotal: finding.violations.total)
    }
  }

  mutating func note(_ written: Written) {
    switch written {
    case .written(let file): certificate = file
    case .refused(let why): certificateRefused = why
    }
  }

  func output(style: Style) -> CommandOutput {
    CommandOutput(
      self, text: text(style), status: ok && certificateRefused == nil ? .done : .problem)
  }

  private func text(_ style: Style) -> [String] {
    var lines = [
      style.bold("audit of \(period): close \(state), ledger position \(position)")
        + (quiet ? "" : ", not quiet: work still in progress is not counted as a fault")
    ]
    for line in invariants {
      lines.append(shown(line, style))
      lines += line.offending.map { style.bad("           \(inText(printable($0)))") }
      let more = line.offendingTotal - line.offending.count
      if more > 0 { lines.append(style.bad("           … and \(grouped(more)) more")) }
    }
    let broken = invariants.filter { $0.verdict == "broken" }.map(\.invariant)
    lines.append(
      broken.isEmpty
        ? style.good("everything checked holds")
        : style.bad("broken: \(broken.joined(separator: ", "))"))
    if let certificate { lines.append("certificate written: \(certificate)") }
    if let certificateRefused { lines.append(style.bad(certificateRefused)) }
    return lines
  }

  /// `ok      I2   one charge per invoice: …`
  private func shown(_ line: Line, _ style: Style) -> String {
    let text =
      "\(padded(line.invariant, to: 4)) \(line.rule): \(inText(printable(line.summary)))"
    switch line.verdict {
    case "holds": return "\(style.good("ok"))     \(text)"
    case "broken": return "\(style.bad("BROKEN")) \(text)"
    case "attention": return "\(style.bold("look"))   \(text)"
    default:
      return style.faint(
        "-      \(padded(line.invariant, to: 4)) not checked here, "
          + "\(line.rule): \(printable(line.summary))")
    }
  }
}
