import Billing

/// A mail that was decided on, before and after it was handed to the mail server.
public struct MailRecord: Sendable, Equatable {
  public enum State: String, Sendable {
    case intended, sent, suppressed, refused
  }
  /// The event the mail tells of; unique together with account and kind.
  public var about: String
  public var account: String
  public var kind: MailKind
  public var period: Period?
  /// Deterministic, the same on every resend.
  public var messageID: String
  public var state: State
  /// Why it was suppressed or refused (a rule, or the server's code; no address).
  public var reason: String?

  /// The reason kept with a mail that was sent under an intent of before: its receiver may have it
  /// twice, under the same Message-ID.
  public static let resent = "sent again, the first sending has no recorded end"
  /// Begins the reason of a mail after a sending without a known end: its receiver may have it all
  /// the same. Once it is there, the ledger keeps it until the mail is sent.
  public static let perhapsSent = "an earlier sending has no recorded end; "
  /// Begins the reason of a mail that an operator wants sent once more and nobody has begun yet.
  public static let again = "to be sent again; "

  /// An operator wants it sent once more, and nobody has begun.
  public var isToBeSentAgain: Bool {
    state == .intended && reason?.hasPrefix(Self.again) == true
  }
  /// The recipient may already have it from an earlier sending.
  public var isPerhapsSent: Bool { Self.isPerhapsSent(reason) }

  public static func isPerhapsSent(_ reason: String?) -> Bool {
    reason?.contains(perhapsSent) == true
  }

  public static func withoutPerhapsSent(_ reason: String) -> String {
    reason.replacing(perhapsSent, with: "")
  }

  /// The reason for one of these, without the prefix twice.
  public static func perhapsSent(because reason: String?) -> String {
    let reason = reason ?? ""
    return reason.hasPrefix(perhapsSent) ? reason : perhapsSent + reason
  }

  public init(
    about: String, account: String, kind: MailKind, period: Period?, messageID: String,
    state: State, reason: String? = nil
  ) {
    self.about = about
    self.account = account
    self.kind = kind
    self.period = period
    self.messageID = messageID
    self.state = state
    self.reason = reason
  }
}

public struct MailKey: Hashable, Sendable {
  public var about: String
  public var account: String
  public var kind: MailKind

  public init(about: String, account: String, kind: MailKind) {
    self.about = about
    self.account = account
    self.kind = kind
  }
}

extension LedgerStore {
  /// The mails of these keys that were recorded already.
  public func mails(_ keys: [MailKey]) async throws -> [MailKey: MailRecord] {
    try await readKeyed(keys, about: keys.map(\.account)) { database in
      { key in
        try database.first(
          MailColumns.ofAccount, [key.about, key.account, key.kind.rawValue], of: MailColumns.self
        ) { try MailColumns.mail($0, account: key.account) }
      }
    }
  }
}

enum MailColumns: String, ColumnList {
  case about = "m.about"
  case kind = "m.kind"
  case period = "m.period"
  case messageID = "m.message_id"
  case state = "m.state"
  case reason = "m.reason"

  static let sql = selected()

  static let ofAccount = """
    SELECT \(sql) FROM mails m JOIN accounts a ON a.key = m.account
    WHERE m.about = ? AND a.id = ? AND m.kind = ?
    """
  /// The same by the account's key.
  static let ofKey = "SELECT \(sql) FROM mails m WHERE m.about = ? AND m.account = ? AND m.kind = ?"

  static func mail(_ row: Record<Self>, account: String) throws -> MailRecord {
    MailRecord(
      about: row[.about], account: account, kind: try row.word(.kind),
      period: try Period(stored: row[.period]), messageID: row[.messageID],
      state: try row.word(.state), reason: row[.reason])
  }
}
