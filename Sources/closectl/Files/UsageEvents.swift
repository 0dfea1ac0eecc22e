import Billing
import FoundationEssentials
import JSON
import Ledger

/// Usage as CloudEvents 1.0, one JSON object a line:
///
///     {"specversion":"1.0","id":"e1","source":"/meter","type":"api_calls","subject":"acme",
///      "time":"2026-11-01T00:00:00Z","data":{"value":"12.5"}}
///
/// `subject` is the account; `source` and `id` together are unique per account. The metric is
/// `data.metric`, and `type` where there is none. `data.value` is a decimal string or a JSON
/// number, read by its digits and not as floating point. `data.start` and `data.end` bound the
/// usage; without them it happened in the millisecond at `time`.
final class UsageEvents {
  static let longestLine = 64 * 1024
  static let longestSource = 1024

  private let window: LineBuffer
  private let names = UsageNames()
  private var line = 0

  init(_ bytes: FileBytes) { window = LineBuffer(bytes, longestLine: Self.longestLine) }

  func next() throws -> UsageStep {
    while true {
      switch try window.line() {
      case .end: return .end
      case .tooLong: return try tooLong()
      case .line(let end):
        line += 1
        let start = window.position
        let text = FieldBytes(
          start: window.bytes + start, count: window.withoutReturn(start, end) - start)
        window.advance(past: end)
        if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
        return row(text)
      }
    }
  }

  private func tooLong() throws -> UsageStep {
    line += 1
    while case .tooLong = try window.line() { window.drop(Self.longestLine) }
    if case .line(let end) = try window.line() { window.advance(past: end) }
    return fault("line", "is longer than \(Self.longestLine) bytes")
  }

  private func row(_ text: FieldBytes) -> UsageStep {
    if let row = UsageEventScan.row(text, line: line, names: names) { return .row(row) }
    return decoded(text)
  }

  /// Any event, good or bad.
  func decoded(_ text: FieldBytes) -> UsageStep {
    let event: UsageEvent
    do {
      if let why = JSONKeys.fault(in: Array(text)) { return fault("line", why) }
      event = try JSONDecoder().decode(UsageEvent.self, from: Data(text))
    } catch let error as DecodingError {
      let (path, reason) = error.place
      return fault(path.isEmpty ? "line" : path, reason)
    } catch {
      return fault("line", "is not a CloudEvent: \(error)")
    }
    if event.faults.isEmpty, let row = event.row(line: line) { return .row(row) }
    return .faults(
      event.faults.map {
        RefusedRow(line: line, column: $0.path, reason: $0.reason, isOfColumn: $0.isOfColumn)
      })
  }

  private func fault(_ column: String, _ reason: String) -> UsageStep {
    .fault(RefusedRow(line: line, column: column, reason: reason))
  }
}

/// Texts that most rows have in common.
struct UsageNames {
  let accounts = StringInterner()
  let metrics = StringInterner(slots: 64)
  let sources = StringInterner(slots: 256)
}
