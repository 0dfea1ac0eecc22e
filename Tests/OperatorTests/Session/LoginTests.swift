import Testing

@testable import closectl

@Suite struct LoginTests {
  @Test(
    arguments: [
      // user, as the machine knows it, SUDO_USER, USER, who
      (0, "root", "anna", "root", "anna"),
      (0, "root", nil, "anna", "root"),
      (0, "root", " ", nil, "root"),
      (1000, "beat", "anna", "carl", "beat"),
      (1000, "beat", nil, nil, "beat"),
      (65_532, nil, nil, "carl", "carl"),
      (65_532, nil, "anna", "", nil),
    ] as [(UInt32, String?, String?, String?, String?)])
  func `Who is behind a process`(
    user: UInt32, known: String?, sudo: String?, shell: String?, who: String?
  ) {
    var environment: [String: String] = [:]
    environment["SUDO_USER"] = sudo
    environment["USER"] = shell
    let login = Login(user: user, environment: environment) { $0 == user ? known : nil }
    #expect(login.name == who)
  }

  @Test func `This process has a user the machine knows`() {
    #expect(Login(environment: [:]).name != nil)
  }
}
