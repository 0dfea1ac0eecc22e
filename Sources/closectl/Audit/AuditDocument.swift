import Ledger
import Operations

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

  func answer(style: Style) -> CommandOutput {
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
