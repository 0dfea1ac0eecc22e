/// The ledger's facts when the close of a month is requested.
public struct StartFacts: Sendable, Equatable {
  /// The month's close was already started.
  public var isStarted: Bool
  /// While it is running: how many accounts were imported after its start and would belong to it.
  public var late: Int
  /// A catalog that prices the month.
  public var hasCatalog: Bool
  /// The first month that any catalog names as its first.
  public var firstPriced: Period?
  /// How many accounts would be closed.
  public var accounts: Int
  /// The time zones of the accounts that would be closed.
  public var zones: [String]
  /// Usage of that month, or of an earlier one.
  public var hasUsage: Bool
  /// When the first catalog was imported: before that nothing had a price.
  public var firstCatalogAt: Instant?

  public init(
    isStarted: Bool, late: Int = 0, hasCatalog: Bool = false, firstPriced: Period? = nil,
    accounts: Int = 0, zones: [String] = [], hasUsage: Bool = false, firstCatalogAt: Instant? = nil
  ) {
    self.isStarted = isStarted
    self.late = late
    self.hasCatalog = hasCatalog
    self.firstPriced = firstPriced
    self.accounts = accounts
    self.zones = zones
    self.hasUsage = hasUsage
    self.firstCatalogAt = firstCatalogAt
  }
}

/// What a trigger confirms as intended.
public struct StartPermission: Sendable, Equatable {
  /// Close a month that is not over.
  public var isEarly: Bool
  /// Close a month from long ago, or from before the ledger's first.
  public var isPast: Bool
  /// Add accounts imported after the start to a running close. It is not known whether such an
  /// account was a customer in the month, and its flat fees are charged.
  public var isLate: Bool

  public init(isEarly: Bool = false, isPast: Bool = false, isLate: Bool = false) {
    self.isEarly = isEarly
    self.isPast = isPast
    self.isLate = isLate
  }
}

/// The invoicer's input when a trigger arrives.
public struct StartSituation: Sendable {
  public var period: Period
  public var now: Instant
  public var permission: StartPermission
  /// How many months back may be closed without `isPast`; 1 is the last month alone.
  public var monthsBack: Int
  public var facts: StartFacts
  /// From the first zone in which the month begins to the last one in which it ends.
  let begins: Instant
  let ends: (zone: String, at: Instant)
  /// In months, by the calendar of UTC: half a day more or less does not matter here.
  let age: Int

  public static let usualMonthsBack = 3

  /// Throws `TimeError` for an invalid time zone or year.
  public init(
    _ period: Period, at now: Instant, _ permission: StartPermission, monthsBack: Int,
    _ facts: StartFacts
  ) throws {
    self.period = period
    self.now = now
    self.permission = permission
    self.monthsBack = monthsBack
    self.facts = facts
    let zones = facts.zones.isEmpty ? ["UTC"] : facts.zones.sorted()
    var begins: [Instant] = []
    var ends: [(zone: String, at: Instant)] = []
    for zone in zones {
      let interval = try period.interval(in: zone)
      begins.append(interval.lowerBound)
      ends.append((zone, interval.upperBound))
    }
    self.begins = begins.min() ?? now
    self.ends = ends.max { $0.at < $1.at } ?? ("UTC", now)
    self.age = period.months(until: try Period.containing(now, in: "UTC"))
  }
}

public enum StartAction: Sendable, Equatable {
  case start
  /// It exists: publish again what is unfinished.
  case resume
  /// It is running: accounts imported after its start are added, and the same is done.
  case takeIn
  case wait
  case refuse(StartRefusal)
}

/// Why a month is not closed, as the reason of a dead letter.
public enum StartRefusal: String, Sendable, CaseIterable {
  case notOver = "period-not-over"
  case tooOld = "period-too-old"
  case noAccounts = "no-accounts"

  /// The refusal of a rule; `nil` for a rule that does not refuse.
  public init?(rule: String) {
    switch rule {
    case "close.not-begun", "close.not-over": self = .notOver
    case "close.too-old", "close.before-first": self = .tooOld
    case "close.no-accounts": self = .noAccounts
    default: return nil
    }
  }
}

/// What was decided about a trigger, and why in a sentence.
public struct StartDecision: Sendable {
  public let rule: String
  public let finding: Finding
  public let action: StartAction
  public let explanation: String
  /// It started only because the trigger confirms that this month is intended.
  public let isException: Bool

  /// Whether the ledger keeps it with the trigger.
  public var isRecorded: Bool {
    if case .refuse = action { true } else { isException || action == .takeIn }
  }
}

extension DecisionTable where Situation == StartSituation, Action == StartAction {
  /// A month costs money, so the invoicer refuses one that cannot be intended unless it is
  /// confirmed.
  public static let start = DecisionTable(
    "invoicer, before a close",
    [
      DecisionRow(
        "close.late-accounts",
        found: "the close is running, and `late` asks to add accounts that came later",
        .behind, does: "add them, and publish again what is unfinished",
        when: { $0.facts.isStarted && $0.facts.late > 0 && $0.permission.isLate },
        action: { _ in .takeIn }),
      DecisionRow(
        "close.exists", found: "the month's close was already started", .alreadyDone,
        does: "publish again what is unfinished", when: { $0.facts.isStarted },
        action: { _ in .resume }),
      DecisionRow(
        "close.no-catalog", found: "there is no catalog for the month yet", .behind,
        does: "retry later, then park", when: { !$0.facts.hasCatalog }, action: { _ in .wait }),
      DecisionRow(
        "close.not-begun", found: "the month has not begun anywhere", .contradiction,
        does: "refuse it, `early` or not", when: { $0.now < $0.begins },
        action: { _ in .refuse(.notOver) }),
      DecisionRow(
        "close.not-over", found: "the month is not over for every account", .contradiction,
        does: "refuse it", when: { $0.now < $0.ends.at && !$0.permission.isEarly },
        action: { _ in .refuse(.notOver) }),
      DecisionRow(
        "close.no-accounts", found: "no account belongs to that month", .contradiction,
        does: "refuse it", when: { $0.facts.accounts == 0 },
        action: { _ in .refuse(.noAccounts) }),
      DecisionRow(
        "close.too-old", found: "the month is further back than usual", .contradiction,
        does: "refuse it", when: { $0.isOld && !$0.permission.isPast },
        action: { _ in .refuse(.tooOld) }),
      DecisionRow(
        "close.before-first", found: "the month ended before the ledger begins", .contradiction,
        does: "refuse it", when: { $0.isBeforeFirst && !$0.permission.isPast },
        action: { _ in .refuse(.tooOld) }),
      DecisionRow(
        "close.start-early", found: "the month is not over, but `early` confirms it",
        .material, does: "start it, record who allowed it", when: { $0.now < $0.ends.at },
        action: { _ in .start }),
      DecisionRow(
        "close.start-past", found: "the month is long past, but `past` confirms it",
        .material, does: "start it, record who allowed it",
        when: { $0.isOld || $0.isBeforeFirst }, action: { _ in .start }),
      DecisionRow(
        "close.start", found: "the month is over", .same, does: "start it", when: { _ in true },
        action: { _ in .start }),
    ])
}

extension StartSituation {
  public func decide() -> StartDecision {
    let decided = DecisionTable.start.decide(self)
    let isException = decided.rule == "close.start-early" || decided.rule == "close.start-past"
    return StartDecision(
      rule: decided.rule, finding: decided.finding, action: decided.action,
      explanation: explanation(of: decided.rule), isException: isException)
  }

  private var firstPriced: Period? { facts.firstPriced }

  var isOld: Bool { age > monthsBack }

  /// A new user who imports their first files after a month's end usually closes that last month.
  var isBeforeFirst: Bool {
    guard age > 1, !facts.hasUsage else { return false }
    return facts.firstCatalogAt.map { $0 >= ends.at } ?? true
  }

  private func explanation(of rule: String) -> String {
    switch rule {
    case "close.late-accounts": "the close of \(period) is running without accounts that came later"
    case "close.exists": "the close of \(period) was already started"
    case "close.no-catalog":
      firstPriced.map {
        "there is no catalog for \(period); the first is valid from \($0): "
          + "closectl import catalog FILE"
      } ?? "there is no catalog yet: closectl import catalog FILE"
    case "close.not-begun": "\(period) has not begun anywhere yet; it is now \(now)"
    case "close.not-over", "close.start-early": notOver
    case "close.no-accounts": "there are no accounts to close in \(period)"
    case "close.too-old", "close.before-first", "close.start-past": isOld ? tooOld : beforeFirst
    default: "the close of \(period) was not started before"
    }
  }

  private var notOver: String {
    // Clocks on Earth are at most 14 hours before UTC.
    if now < ends.at.adding(seconds: -26 * 3600) {
      return "\(period) has not ended anywhere yet; it is now \(now)"
    }
    return "\(period) ends at \(ends.at) for accounts in \(ends.zone); it is now \(now)"
  }

  private var tooOld: String {
    "\(period) is \(age) months back; more than \(monthsBack) (MONTHCLOSE_MONTHS_BACK) is usually "
      + "a mistake"
  }

  private var beforeFirst: String {
    let first = facts.firstCatalogAt.map { "\($0)" } ?? "never"
    return "\(period) ended before the first catalog was imported (\(first)), and there is no "
      + "usage from that month or an earlier one"
  }
}
