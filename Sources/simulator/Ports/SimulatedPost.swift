import Billing
import Mail

/// A mail server, and every mail it delivered.
///
/// Unchecked, because it belongs to its simulation's one thread.
final class SimulatedPost: @unchecked Sendable {
  unowned let simulation: Simulation
  /// How often each mail was delivered, by Message-ID.
  private(set) var delivered: [String: Int] = [:]
  private(set) var count = 0
  /// It answers 554 5.7.1 until then, regardless of the recipient.
  var refusesUntil: Int64 = 0
  /// Mails it refused because of their recipients, by Message-ID.
  private(set) var refused: Set<String> = []
  /// How often it put a mail off, or its word was lost, by Message-ID.
  private(set) var putOff: [String: Int] = [:]
  /// For how long it had taken no mail of anybody when it last refused one as all others, in
  /// milliseconds.
  private(set) var lastDenial: [String: Int64] = [:]
  private var lastTaken: Int64 = 0

  init(simulation: Simulation) { self.simulation = simulation }

  /// What was delivered since is delivered once more by a ledger that was put back: docs/backup.md.
  func restore(_ delivered: [String: Int]) { self.delivered = delivered }

  private var faults: Faults { simulation.faults }

  func client(of process: SimulatedProcess) -> MailServer {
    MailServer(
      deliver: { mails, calls in
        await withTaskGroup(of: Void.self) { group in
          for (index, mail) in mails.enumerated() {
            group.addTask {
              guard calls.mayLeave(index) else { return }
              calls.heard(index, await self.deliver(mail, from: process))
            }
          }
        }
      }, shutdown: {})
  }

  private func deliver(_ mail: OutgoingMail, from process: SimulatedProcess) async -> MailAnswer {
    let gone = MailAnswer.uncertain("the process is gone")
    do { try await process.step() } catch { return gone }
    await sleep(faults.strikes(.mailSlow) ? 1000...20_000 : 5...100)
    do { try await process.step() } catch { return gone }
    let answer = take(mail)
    process.note("sends \(mail.messageID), hears \(answer.word)")
    do { try await process.step() } catch { return gone }
    return answer
  }

  private func take(_ mail: OutgoingMail) -> MailAnswer {
    if faults.isOn, simulation.timeline.now < refusesUntil {
      lastDenial[mail.messageID] = simulation.timeline.now - lastTaken
      return .denied("554 5.7.1 to RCPT")
    }
    if faults.strikes(.mailLater) {
      putOff[mail.messageID, default: 0] += 1
      return .later("451 to DATA")
    }
    if faults.strikes(.mailRefused) {
      refused.insert(mail.messageID)
      return .refused("550 5.1.1 to RCPT")
    }
    if faults.strikes(.mailCutLost) {
      putOff[mail.messageID, default: 0] += 1
      return .uncertain("the connection ended")
    }
    delivered[mail.messageID, default: 0] += 1
    count += 1
    lastTaken = simulation.timeline.now
    simulation.checkMail(mail)
    return faults.strikes(.mailCutDelivered) ? .uncertain("the connection ended") : .accepted
  }

  private func sleep(_ range: ClosedRange<Int>) async {
    await simulation.timeline.sleep(milliseconds: Int64(simulation.draw(range)))
  }
}

extension MailAnswer {
  fileprivate var word: String {
    switch self {
    case .accepted: "250"
    case .refused(let why), .later(let why), .denied(let why), .away(let why), .notSent(let why):
      why
    case .uncertain: "nothing"
    }
  }
}
