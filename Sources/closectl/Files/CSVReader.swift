import Glibc

/// Reads RFC 4180 records from bytes, one at a time, without making a String: LF or CRLF, a byte
/// order mark at the start, quoted fields with line ends in them. What is not a record is reported
/// with its line, and reading goes on with the line after that one. Empty lines are passed over.
/// Columns may be separated by semicolons or tabs as well: the first line says by what.
final class CSVReader {
  enum Step: Equatable {
    case record
    /// The field at fault (from 0), if known, and the reason.
    case malformed(field: Int?, String)
    case end
  }

  /// Longer than any honest row; bounds memory when a closing quote is missing.
  static let longestRecord = 64 * 1024
  static let mostFields = 256

  /// The line on which the last record or fault begins, from 1.
  private(set) var line = 0
  private(set) var fieldCount = 0
  private(set) var separator = ColumnSeparator.comma

  private let window: LineBuffer
  private let bounds = UnsafeMutablePointer<(start: Int, end: Int)>.allocate(capacity: mostFields)
  private var nextLine = 1
  private var isStarted = false
  private var skipping = false
  private var recordStart = 0
  private var recordEnd = 0

  init(_ file: FileBytes) { window = LineBuffer(file, longestLine: Self.longestRecord) }

  deinit { bounds.deallocate() }

  /// Valid until the next call of `next`, as is `raw`.
  func field(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    let (start, end) = bounds[index]
    return UnsafeBufferPointer(start: window.bytes + start, count: end - start)
  }

  /// The bytes of a malformed record as they are in the file, without its line end.
  var raw: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: window.bytes + recordStart, count: recordEnd - recordStart)
  }

  /// All fields are empty, as a spreadsheet leaves rows that were cleared.
  var isBlank: Bool {
    (0..<fieldCount).allSatisfy { field($0).allSatisfy { $0 == 0x20 || $0 == 0x09 } }
  }

  func next() throws -> Step {
    if !isStarted { try findSeparator() }
    if skipping { try skipLine() }
    while true {
      line = nextLine
      switch try window.line() {
      case .end: return .end
      case .tooLong:
        skipping = true
        (recordStart, recordEnd) = (window.position, window.position + 256)
        return .malformed(field: nil, "is longer than \(Self.longestRecord) bytes")
      case .line(let end):
        nextLine += 1
        let start = window.position
        (recordStart, recordEnd) = (start, window.withoutReturn(start, end))
        if recordEnd > start, memchr(window.bytes + start, quote, recordEnd - start) != nil {
          return try quotedRecord()
        }
        window.advance(past: end)
        if recordEnd > start { return split(start, recordEnd) }
      }
    }
  }

  /// A `sep=` line, as spreadsheets write it, is passed over.
  private func findSeparator() throws {
    isStarted = true
    while case .line(let end) = try window.line() {
      let start = window.position
      let last = window.withoutReturn(start, end)
      let line = FieldBytes(start: window.bytes + start, count: last - start)
      if let named = ColumnSeparator.named(by: line) {
        separator = named
        nextLine += 1
        window.advance(past: end)
        return
      }
      if !line.isEmpty {
        separator = ColumnSeparator.found(in: line)
        return
      }
      nextLine += 1
      window.advance(past: end)
    }
  }

  private func skipLine() throws {
    while skipping {
      switch try window.line() {
      case .tooLong: window.drop(Self.longestRecord)
      case .end: skipping = false
      case .line(let end):
        window.advance(past: end)
        nextLine += 1
        skipping = false
      }
    }
  }

  private func split(_ start: Int, _ end: Int) -> Step {
    let bytes = window.bytes
    let bounds = bounds
    let separator = separator
    var count = 0
    var fieldStart = start
    var seen: UInt8 = 0
    var index = start
    while index < end {
      let byte = bytes[index]
      seen |= byte
      if byte == separator {
        if count == Self.mostFields - 1 { return tooManyFields }
        bounds[count] = (fieldStart, index)
        count &+= 1
        fieldStart = index &+ 1
      }
      index &+= 1
    }
    bounds[count] = (fieldStart, end)
    fieldCount = count + 1
    return seen < 0x80 ? .record : checkedText()
  }

  private func quotedRecord() throws -> Step {
    while true {
      var scan = QuotedFieldParser(
        bytes: window.bytes, from: window.position, to: window.filled, separator: separator)
      switch scan.run(into: bounds, capacity: Self.mostFields, atEnd: window.atEnd) {
      case .complete(let end, let fields):
        nextLine = line + scan.lineFeeds + 1
        window.advance(past: end)
        fieldCount = fields
        return checkedText()
      case .broken(let field, let reason):
        passFirstLine()
        return .malformed(field: field, reason)
      case .needsMore:
        guard window.filled - window.position <= Self.longestRecord else {
          passFirstLine()
          return .malformed(field: nil, "has a quote that is not closed")
        }
        try window.refill()
      }
    }
  }

  private func passFirstLine() {
    let start = window.position
    let end =
      memchr(window.bytes + start, 10, window.filled - start)
      .map { $0 - UnsafeMutableRawPointer(window.bytes) } ?? window.filled
    (recordStart, recordEnd) = (start, window.withoutReturn(start, end))
    window.advance(past: end)
  }

  private var tooManyFields: Step {
    .malformed(field: nil, "has more than \(Self.mostFields) fields")
  }

  private func checkedText() -> Step {
    for index in 0..<fieldCount where String(validating: field(index), as: UTF8.self) == nil {
      return .malformed(field: index, "is not valid UTF-8")
    }
    return .record
  }
}

private let quote = Int32(UInt8(ascii: "\""))
