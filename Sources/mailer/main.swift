import Services

await ServiceProgram.main(.mailer)
