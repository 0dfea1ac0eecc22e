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

/// The parts of a CloudEvent that usage is made of, and everything that is wrong with them.
struct UsageEvent: Decodable {
  struct Fault {
    var path: String
    var reason: String
    var isOfColumn = false
  }

  private(set) var faults: [Fault] = []
  private var id: String?
  private var source: String?
  private var subject: String?
  private var metric: String?
  private var value: ExactDecimal?
  private var start: Instant?
  private var end: Instant?

  private enum CodingKeys: CodingKey { case specversion, id, type, source, subject, time, data }
  private enum DataKeys: CodingKey { case value, metric, start, end }

  /// Throws only for what is no object.
  init(from decoder: any Decoder) throws {
    let event = try decoder.container(keyedBy: CodingKeys.self)
    let version = read { try event.decode(String.self, forKey: .specversion) }
    if let version, version != "1.0" { refuse("specversion", "\(quoted(version)) is not 1.0") }
    id = name(event, .id, UsageTable.longestEventID)
    source = name(event, .source, UsageEvents.longestSource)
    subject = name(event, .subject, UsageTable.longestAccountID)
    let type = read { try event.decode(String.self, forKey: .type) }
    let time = instant(event, .time)
    guard let data = read({ try event.nestedContainer(keyedBy: DataKeys.self, forKey: .data) })
    else { return }
    value = quantity(data)
    let named = read { try data.decodeIfPresent(String.self, forKey: .metric) } ?? nil
    if let text = named ?? type {
      metric = checked(text, named == nil ? "type" : "data.metric", UsageTable.longestMetric)
    }
    start = instant(data, .start, in: "data.") ?? time
    let last = instant(data, .end, in: "data.")
    if start == nil, !faults.contains(where: { ["time", "data.start"].contains($0.path) }) {
      refuse("time", "is missing")
    }
    guard let start else { return }
    end = UsageSpan.end(last ?? start, of: start)
    if let last, last < start { refuse("data.end", "is before the start of the usage") }
  }

  /// `nil` where there are faults.
  func row(line: Int) -> UsageRow? {
    guard let id, let source, let subject, let metric, let value, let start, let end else {
      return nil
    }
    return UsageRow(
      eventID: id, account: subject, metric: metric, quantity: value, start: start, end: end,
      line: line, source: source)
  }

  // MARK: Reading; what is wrong is kept, and the rest is read all the same

  private mutating func refuse(_ path: String, _ reason: String) {
    faults.append(Fault(path: path, reason: reason))
  }

  private mutating func read<Value>(_ decode: () throws -> Value) -> Value? {
    do {
      return try decode()
    } catch let error as DecodingError {
      refuse(error.place.path, error.place.reason)
    } catch {
      refuse("line", "is not a CloudEvent: \(error)")
    }
    return nil
  }

  private mutating func name(
    _ event: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys, _ longest: Int
  ) -> String? {
    guard let text = read({ try event.decode(String.self, forKey: key) }) else { return nil }
    return checked(text, key.stringValue, longest)
  }

  private mutating func checked(_ text: String, _ path: String, _ longest: Int) -> String? {
    var copy = text
    guard let why = copy.withUTF8({ identifierFault($0, longest: longest) }) else { return text }
    refuse(path, why)
    return nil
  }

  private mutating func instant<Key: CodingKey>(
    _ container: KeyedDecodingContainer<Key>, _ key: Key, in path: String = ""
  ) -> Instant? {
    guard var text = read({ try container.decodeIfPresent(String.self, forKey: key) }) ?? nil
    else { return nil }
    if let time = text.withUTF8({ Instant(utf8: $0) }) { return time }
    let form = text.withUTF8 { TimeForms().form(of: $0) }
    faults.append(
      Fault(path: path + key.stringValue, reason: form.reason, isOfColumn: form.isOfColumn))
    return nil
  }

  private mutating func quantity(
    _ data: KeyedDecodingContainer<DataKeys>
  ) -> ExactDecimal? {
    let digits = read { () throws -> String in
      do {
        return try data.decode(String.self, forKey: .value)
      } catch DecodingError.typeMismatch {
        return try data.decode(Decimal.self, forKey: .value).description
      }
    }
    guard var text = digits else { return nil }
    guard let value = text.withUTF8({ ExactDecimal(utf8: $0) }) else {
      refuse("data.value", "\(quoted(text)) is not a decimal number (like 12.5)")
      return nil
    }
    if value.stored == nil { refuse("data.value", "has more digits than can be stored exactly") }
    return value
  }
}
