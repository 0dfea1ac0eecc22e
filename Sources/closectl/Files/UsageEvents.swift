import Billing
import FoundationEssentials
import Ledger

/// Usage as CloudEvents 1.0, one JSON object a line:
///
///     {"specversion":"1.0","id":"e1","source":"/meter","type":"api_calls","subject":"acme",
///      "time":"2026-11-01T00:00:00Z","data":{"value":"12.5"}}
///
/// `subject` is the account and `id` is unique per account. The metric is `data.metric`, and `type`
/// where there is none. `data.value` is a decimal string or a JSON number, read by its digits and
/// not as floating point. `data.start` and `data.end` bound the usage; without them it happened in
/// the millisecond at `time`.
final class UsageEvents {
  static let longestLine = 64 * 1024

  private let window: ByteWindow
  private let decoder = JSONDecoder()
  private let accounts = TextCache()
  private let metrics = TextCache(slots: 64)
  private var line = 0

  init(_ bytes: FileBytes) { window = ByteWindow(bytes, longestLine: Self.longestLine) }

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
    if let row = UsageEventScan.row(text, line: line, accounts: accounts, metrics: metrics) {
      return .row(row)
    }
    return decoded(text)
  }

  /// Any event, good or bad.
  func decoded(_ text: FieldBytes) -> UsageStep {
    let event: UsageEvent
    do {
      event = try decoder.decode(UsageEvent.self, from: Data(text))
    } catch let error as DecodingError {
      let (path, reason) = error.place
      return fault(path.isEmpty ? "line" : path, reason)
    } catch {
      return fault("line", "is not a CloudEvent: \(error)")
    }
    for (name, text, longest) in event.names {
      var text = text
      if let why = text.withUTF8({ identifierFault($0, longest: longest) }) {
        return fault(name, why)
      }
    }
    guard event.data.value.stored != nil else {
      return fault("data.value", "has more digits than can be kept exactly")
    }
    return event.row(line: line).map { .row($0) }
      ?? fault("data.end", "is not after the start of the usage")
  }

  private func fault(_ column: String, _ reason: String) -> UsageStep {
    .fault(RefusedRow(line: line, column: column, reason: reason))
  }
}

/// The parts of a CloudEvent that usage is made of.
struct UsageEvent: Decodable {
  struct Data: Decodable {
    var value: ExactDecimal
    var metric: String?
    var start: Instant?
    var end: Instant?

    private enum CodingKeys: CodingKey { case value, metric, start, end }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      metric = try container.decodeIfPresent(String.self, forKey: .metric)
      start = try container.decodeIfPresent(Instant.self, forKey: .start)
      end = try container.decodeIfPresent(Instant.self, forKey: .end)
      let text: String
      do {
        text = try container.decode(String.self, forKey: .value)
      } catch DecodingError.typeMismatch {
        text = try container.decode(Decimal.self, forKey: .value).description
      }
      do {
        value = try ExactDecimal(parsing: text)
      } catch {
        throw DecodingError.dataCorruptedError(
          forKey: .value, in: container,
          debugDescription: "\(quoted(text)) is not a decimal number (like 12.5)")
      }
    }
  }

  var id: String
  var type: String
  var source: String
  var subject: String
  var time: Instant?
  var data: Data

  private enum CodingKeys: CodingKey { case specversion, id, type, source, subject, time, data }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let version = try container.decode(String.self, forKey: .specversion)
    guard version == "1.0" else {
      throw DecodingError.dataCorruptedError(
        forKey: .specversion, in: container, debugDescription: "\(quoted(version)) is not 1.0")
    }
    id = try container.decode(String.self, forKey: .id)
    type = try container.decode(String.self, forKey: .type)
    source = try container.decode(String.self, forKey: .source)
    subject = try container.decode(String.self, forKey: .subject)
    time = try container.decodeIfPresent(Instant.self, forKey: .time)
    data = try container.decode(Data.self, forKey: .data)
    guard time != nil || data.start != nil else {
      throw DecodingError.keyNotFound(
        CodingKeys.time, .init(codingPath: decoder.codingPath, debugDescription: ""))
    }
  }

  var metric: String { data.metric ?? type }

  var names: [(name: String, text: String, longest: Int)] {
    [
      ("id", id, UsageTable.longestEventID), ("subject", subject, UsageTable.longestAccountID),
      (data.metric == nil ? "type" : "data.metric", metric, UsageTable.longestMetric),
    ]
  }

  /// `nil` when it ends before it begins.
  func row(line: Int) -> UsageRow? {
    guard let start = data.start ?? time else { return nil }
    let end = data.end ?? start.adding(milliseconds: 1)
    guard start < end else { return nil }
    return UsageRow(
      eventID: id, account: subject, metric: metric, quantity: data.value, start: start, end: end,
      line: line)
  }
}
