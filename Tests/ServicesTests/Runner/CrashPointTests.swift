import Billing
import Testing

@testable import Services

@Suite struct CrashPointTests {
  @Test func `Each service has the crash points of its own steps, and those all share`() {
    func own(_ service: ServiceName) -> Set<CrashPoint> {
      Set(CrashPoint.all(of: service)).subtracting(CrashPoint.all(of: .holder)).subtracting(
        service == .holder ? [] : [.dueTaken])
    }
    #expect(own(.charger) == [.beforeCall, .requestSent, .answered])
    #expect(own(.mailer) == [.beforeMail, .mailAnswered])
    #expect(own(.invoicer) == [.closeOpened, .rangeInvoiced])
    #expect(own(.reporter) == [.closeEnded])
    #expect(CrashPoint.all(of: .closectl).isEmpty)
    let all = Set(MonthClose.services.flatMap(CrashPoint.all))
    #expect(all == Set(CrashPoint.allCases), "none is left out")
  }

  @Test func `Due work is taken by the charger and the holder`() {
    let services = MonthClose.services.filter { CrashPoint.all(of: $0).contains(.dueTaken) }
    #expect(Set(services) == [.charger, .holder])
  }

  @Test(arguments: [("committed", 1), ("committed:1", 1), ("committed:12", 12)])
  func `A trigger names its crash point and which time it is reached`(
    text: String, occurrence: Int
  ) throws {
    let trigger = try #require(CrashTrigger(text))
    #expect(trigger.crashPoint == .committed && trigger.occurrence == occurrence)
  }

  @Test(arguments: ["", "nowhere", "committed:", "committed:0", "committed:-1", "committed:x:1"])
  func `A trigger that names no crash point, or no time, is none`(text: String) {
    #expect(CrashTrigger(text) == nil)
  }
}
