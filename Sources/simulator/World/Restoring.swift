import Billing
import Foundation
import Ledger
import Operations
import Services

/// The file the ledger is in, and how it is opened.
struct LedgerFile: Sendable {
  var path: String
  var open: @Sendable () throws -> LedgerStore
}

/// A backup of the ledger, with what belongs to the same moment.
struct LedgerBackup {
  var bytes: Data
  var witness: CommitObserverState
  var delivered: [String: Int]
  var takenAt: Int64
}

/// A backup of any earlier moment is put back: the ledger has forgotten what came after it, and the
/// gateway has not. The broker's messages are lost with it.
extension Simulation {
  /// A copy of the ledger as it is now, at a moment within the bout that begins.
  func planBackup(within milliseconds: Int64) {
    let at = Int64(draw(0...Int(milliseconds)))
    executor.start { [self] in
      await timeline.sleep(milliseconds: at)
      if faults.isOn { takeBackup() }
    }
  }

  /// Nothing is half written: one thread runs all there is, and a commit is one step.
  func takeBackup() {
    do {
      backup = LedgerBackup(
        bytes: try Data(contentsOf: URL(fileURLWithPath: ledgerFile.path)),
        witness: witness.state, delivered: post.delivered, takenAt: timeline.now)
      note("operator", "takes a backup")
    } catch {
      fail("setup", "the backup cannot be taken: \(error)")
    }
  }

  /// As docs/backup.md says: stop the services, put the backup back, set up the broker, start; the
  /// close goes on once the operator has reconciled.
  func restore() {
    guard violation == nil, let backup else { return }
    faults.hit(.restored)
    note("operator", "puts the backup of \(backup.takenAt) back")
    stopServices()
    // Nothing of what was sent is under way any more.
    run(until: timeline.now + Int64(draw(300_000...172_800_000)))
    replaceLedger(by: backup)
    step { [self] in try await importLateAgain() }
    for service in MonthClose.services {
      _ = broker.takeAll(from: service.rawValue)
      _ = broker.takeAll(from: MonthClose.deadQueue(of: service))
      for delay in settings.retryDelays {
        _ = broker.takeAll(from: MonthClose.retryQueue(of: service, after: delay))
      }
    }
    startServices()
    executor.start { [self] in await trigger(id: "close-2026-11-restored", late: true) }
    bout(minutes: draw(1...10))
  }

  private func replaceLedger(by backup: LedgerBackup) {
    do {
      let old = store
      step { try await old.close() }
      try backup.bytes.write(to: URL(fileURLWithPath: ledgerFile.path))
      replaceStore(try ledgerFile.open())
      witness.state = backup.witness
      post.restore(backup.delivered)
    } catch {
      fail("setup", "the backup cannot be put back: \(error)")
    }
  }

  // MARK: The operator, once all is healed

  /// Takes over what the gateway holds and the ledger does not know.
  func reconcile() async throws {
    let reconciling = Reconciling(
      store: store, charges: { [self] _, after in gateway.page(after: after) },
      clock: LedgerClock { [self] in time })
    let findings = try await reconciling.look(Self.period)
    try await reconciling.apply(findings.items, by: "operator", reason: "a test")
    note("operator", "takes \(findings.items.count) of \(findings.compared) charges over")
  }

  /// Takes over what the gateway holds, has the lost events published again, and records again what
  /// people paid and were granted since.
  func recover() async throws {
    try await reconcile()
    let clock = LedgerClock { [self] in time }
    let resending = EventResender(
      store: store, broker: broker, clock: clock, retryDelays: settings.retryDelays)
    let counts = try await resending.run(
      .init(period: Self.period, olderThanSeconds: 0, isDryRun: false, anyway: true))
    note("operator", "resends \(counts.map(\.published).reduce(0, +)) events")
    for (reference, item) in witness.incoming.sorted(by: { $0.key < $1.key }) {
      await command(
        item.account, item.amountMinor, reference, isCredit: item.kind == .creditGrant)
    }
  }
}

/// What an operator does about mails that were given up, once the mail server is well again.
extension Simulation {
  /// For so long after it took a mail a server counts as one that works (docs/mail.md), by clocks
  /// that differ.
  private static let worksFor = 2 * 3_600_000 + 2 * largestClockOffset

  /// `closectl mail resend`. I13: a mail is given up only while the server took others.
  func resendMails() async throws {
    var question = MailQuestion(period: Self.period)
    question.state = .refused
    let resend = MailResend(
      store: store, broker: broker, clock: LedgerClock { [self] in time }, logger: logger)
    for mail in try await store.mailList(question) where !post.refused.contains(mail.serverID) {
      if let fault = faultOfGivingUp(mail) { fail("I13", "\(mail.messageID) \(fault)") }
      let order = MailResend.Order(operatorName: "operator", reason: "a test")
      let objection = try await resend.resend(mail, order)
      note("operator", "resends \(mail.messageID): \(objection ?? "handed to the mailer")")
    }
  }

  private func faultOfGivingUp(_ mail: MailRecord) -> String? {
    if let gap = post.lastDenial[mail.serverID] {
      return gap > Self.worksFor ? "was given up, and the server took none for \(gap) ms" : nil
    }
    let tries = post.putOff[mail.serverID, default: 0]
    if tries >= settings.retryDelays.count { return nil }
    return "was given up after \(tries) tries: \(mail.reason ?? "no reason")"
  }
}

extension MailRecord {
  /// Its Message-ID as the mail server has it.
  var serverID: String { "\(messageID)@month-close.example" }
}
