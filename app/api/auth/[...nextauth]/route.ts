import type { NextRequest } from "next/server";
import NextAuth from "next-auth";
import { authentication } from "../../../authentication.ts";

type Context = { params: Promise<{ nextauth: string[] }> };

async function answer(request: NextRequest, context: Context): Promise<Response> {
  return NextAuth(request as never, context as never, authentication());
}

export { answer as GET, answer as POST };
