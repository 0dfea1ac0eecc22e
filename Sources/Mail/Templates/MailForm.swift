import Billing
import Synchronization

/// A place in a form for what differs from mail to mail.
enum MailBlank: Sendable, Equatable {
  case field(MailField)
  case cell(MailRows, row: Int, MailCell)

  /// Between two control characters that no template has: `total`, `lines.3.label`.
  var mark: String {
    switch self {
    case .field(let field): "\u{1}\(field.rawValue)\u{2}"
    case .cell(let rows, let row, let cell): "\u{1}\(rows.rawValue).\(row).\(cell.rawValue)\u{2}"
    }
  }

  fileprivate init?(_ name: Substring) {
    let parts = name.split(separator: ".")
    if parts.count == 1, let field = MailField(rawValue: String(name)) {
      self = .field(field)
      return
    }
    guard parts.count == 3, let rows = MailRows(rawValue: String(parts[0])),
      let row = Int(parts[1]), let cell = MailCell(rawValue: String(parts[2]))
    else { return nil }
    self = .cell(rows, row: row, cell)
  }
}

/// A template rendered once for all mails of a shape, with blanks for their texts.
struct MailForm: Sendable {
  /// Words, and the blank before them.
  private struct Piece {
    var blank: MailBlank?
    var words: [UInt8]
  }
  private let pieces: [Piece]
  private let size: Int

  /// `rendered`: with the marks of its blanks.
  init(_ rendered: String) throws(MailTemplateError) {
    var pieces: [Piece] = []
    for (index, part) in rendered.split(separator: "\u{1}", omittingEmptySubsequences: false)
      .enumerated()
    {
      if index == 0 {
        pieces.append(Piece(words: Array(part.utf8)))
        continue
      }
      guard let end = part.firstIndex(of: "\u{2}"), let blank = MailBlank(part[..<end]) else {
        throw .badMark(String(part.prefix(40)))
      }
      pieces.append(Piece(blank: blank, words: Array(part[part.index(after: end)...].utf8)))
    }
    self.pieces = pieces
    size = pieces.reduce(0) { $0 + $1.words.count + 32 }
  }

  func filled(_ text: (MailBlank) -> String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    for piece in pieces {
      if let blank = piece.blank { bytes.append(contentsOf: text(blank).utf8) }
      bytes.append(contentsOf: piece.words)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// All that a template's words depend on: the switches, which texts there are, and the rows.
/// Mustache looks at nothing else of a value before it inserts it.
struct MailShape: Hashable, Sendable {
  private var kind: MailKind
  private var switches: UInt64 = 0
  /// Each row's table, and whether it has a note.
  private var rows: [UInt8] = []

  init(_ kind: MailKind, _ fields: MailFields) {
    self.kind = kind
    for flag in MailSwitch.allCases { add(fields.isOn(flag)) }
    for field in MailField.allCases { add(fields.has(field)) }
    for (number, table) in MailRows.allCases.enumerated() {
      for figure in fields.figures(table) {
        rows.append(UInt8(number) << 1 | (figure.note.isEmpty ? 0 : 1))
      }
    }
  }

  /// Few mails with this many rows are alike, and their forms are long.
  var isUncommon: Bool { rows.count > 64 }

  private mutating func add(_ isSet: Bool) { switches = switches << 1 | (isSet ? 1 : 0) }
}

/// The forms made so far, by shape.
final class MailForms: Sendable {
  struct Parts: Sendable {
    var subject: MailForm
    var text: MailForm
    var html: MailForm
  }

  private let made = Mutex<[MailShape: Parts]>([:])
  /// A month has a few dozen. Where every invoice has rows of its own, they are made anew.
  private let limit: Int

  init(limit: Int = 250) { self.limit = limit }

  func parts(_ shape: MailShape, make: () throws -> Parts) rethrows -> Parts {
    if let parts = made.withLock({ $0[shape] }) { return parts }
    let parts = try make()
    made.withLock { made in
      if made.count >= limit { made = [:] }
      made[shape] = parts
    }
    return parts
  }

  var count: Int { made.withLock(\.count) }
}
